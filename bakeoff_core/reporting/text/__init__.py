"""Sentences. The only place where the product argues in words."""
