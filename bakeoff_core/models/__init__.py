"""timm models as torch modules: created, counted, loaded with weights, and run by a backend. Only workers use it."""
