"""Deductive coding and the development of a codebook."""
