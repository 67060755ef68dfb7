"""What the Rank page is made of."""
