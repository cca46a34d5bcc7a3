"""The report of a study: one HTML file of words and pictures."""
