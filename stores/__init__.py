"""Where a study lives: the database that must not be lost, the code memory that can be rebuilt."""
