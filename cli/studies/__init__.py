"""A study: made, filled, searched, exported; what people code by hand goes out and comes in."""
