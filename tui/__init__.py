"""The terminal UI: where people read, code and approve. Screens show records that the other rooms return."""
