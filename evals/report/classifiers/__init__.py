"""What a report tells of classifiers and grids."""
