"""Which model: candidates, the frontier, the decision, and what leads to it."""
