"""A few steps of a run that tell what all of it would cost."""
