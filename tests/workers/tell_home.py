"""A worker that prints where it believes the state to be."""

from bakeoff_core.system.paths import home


def main(folder: str) -> int:
    """Print it."""
    print(home())
    return 0
