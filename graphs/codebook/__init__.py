"""What people do to a codebook: changes, answers to revisions, its history."""
