"""Classifiers measured: against people, how sure they may be, the cascade, grids."""
