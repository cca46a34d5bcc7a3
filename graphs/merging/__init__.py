"""Merging of code spaces, and themes."""
