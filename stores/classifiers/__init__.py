"""Classifiers and grids in the study folder, and the segments written for them."""
