"""Latency, memory and multiply-accumulates of models in a setting."""
