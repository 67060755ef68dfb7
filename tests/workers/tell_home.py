"""Prints where it believes the state to be: `python -m tests.workers.tell_home FOLDER`."""

from bakeoff_core.system.paths import home

if __name__ == "__main__":
    print(home())
