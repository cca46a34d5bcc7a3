"""What follows from what coders say: codes assigned, merged to concepts; codings compared, differences settled."""
