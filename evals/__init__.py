"""Measures: agreement, randomness, quality of codes, code spaces, estimates. Pure functions, no model."""
