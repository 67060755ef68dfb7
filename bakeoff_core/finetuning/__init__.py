"""Training on the user's own images."""
