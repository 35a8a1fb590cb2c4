"""The keeper: a process that waits until nobody uses a data folder's servers, and stops them.

It is there for users that were killed and could not. `python -m config.embedded.keeper FOLDER LOCK`,
where LOCK is the inherited descriptor of the lock by which others know that a keeper lives.
"""

import os
import sys
from pathlib import Path

from config.embedded import locks
from config.embedded.servers import stop_all


def keep(folder: Path, own_lock: int) -> None:
    with locks.held(folder / "users", shared=False):
        stop_all(folder)
        os.close(own_lock)  # before others may come: they must see that they need a new keeper


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))
