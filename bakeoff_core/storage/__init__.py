"""What the state folder holds, what of it nothing uses any more, and taking that or whole runs away."""
