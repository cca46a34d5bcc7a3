"""What follows from what coders say: codes assigned, codings compared, differences settled."""
