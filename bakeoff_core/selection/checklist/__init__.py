"""From answers to hard limits, a shortlist and a recipe."""
