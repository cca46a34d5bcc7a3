"""The terminal UI: where people read, code, and approve revisions."""
