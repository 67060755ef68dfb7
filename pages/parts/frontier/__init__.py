"""What the Frontier page is made of."""
