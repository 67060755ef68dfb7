"""What runs a model: one protocol, a member a runtime."""
