"""Codebook versions, what leads to them and what became of them."""
