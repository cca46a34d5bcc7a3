"""Adapters, ensembles, classifiers."""
