"""What agreement is made of: tables of ratings, coefficients, quotes along a text."""
