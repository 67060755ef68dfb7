"""What is claimed of speed and truth, each a script that prints its figure: `python -m benchmarks.NAME`.

Every script exits 1 when its figure misses its target. Close other programs first; two at once spoil each other.
"""
