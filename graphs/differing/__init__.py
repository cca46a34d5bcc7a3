"""Where coders differ, how far, and what people make of it."""
