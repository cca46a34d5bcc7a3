"""The codebook and its revisions."""
