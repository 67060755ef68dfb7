"""What the Checklist page is made of."""
