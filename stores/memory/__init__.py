"""The code memory: codes found again by likeness, in Chroma or in this process."""
