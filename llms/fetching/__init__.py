"""Weights and word lists out of packages of the Python registry."""
