"""Small encoders that give calibrated probabilities."""
