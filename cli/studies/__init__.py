"""A study: made, filled, searched, exported."""
