"""What people code, note and settle."""
