"""What calibration is made of: answers, pairs of coders, the verdict, simulations."""
