"""Runs: coding, merging, and what they leave."""
