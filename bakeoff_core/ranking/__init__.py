"""Backbones judged by their frozen features on the user's own images."""
