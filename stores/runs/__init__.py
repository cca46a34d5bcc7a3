"""Runs, what coders decided in them, and how they stand."""
