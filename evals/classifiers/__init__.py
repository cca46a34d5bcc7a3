"""What is said of classifiers: how sure they may be, the cascade, grids."""
