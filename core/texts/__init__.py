"""Texts: cut into segments, drawn, searched, quoted."""
