"""Labelled images: where they come from, how they are split, what answers about them are worth."""
