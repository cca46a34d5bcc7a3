"""What becomes of revisions: edited, approved, applied, and what coding again changed."""
