"""What is done with codes and codebooks: written down, checked, compared, told; codes that patterns find."""
