"""What the quality of labels is made of: likeness to references, people's ratings, choosing coders."""
