"""Documents, segments and samples in the database, and ways to find them."""
