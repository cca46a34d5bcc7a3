"""The report of a deductive run."""
