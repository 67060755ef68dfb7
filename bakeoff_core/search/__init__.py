"""A search over all of timm: what a model would cost here before it is measured, and which to measure next."""
