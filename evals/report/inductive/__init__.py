"""The report of an inductive run."""
