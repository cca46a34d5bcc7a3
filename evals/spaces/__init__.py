"""What code spaces are made of: concepts, who owns them, how far apart they are."""
