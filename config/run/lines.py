"""Where the lines of a running process go: into a file of its own, and what tells of a fault onto the screen too."""

import logging
import logging.handlers
import re
from pathlib import Path

MOST_BYTES = 10 * 1024 * 1024
KEPT_FILES = 4
# Structured lines say their level (config/logs.py), those of gunicorn and Celery before that in brackets.
IS_ROUTINE = re.compile(r"level='(?:debug|info|warning)'|\[(?:DEBUG|INFO|WARNING)\]|: (?:DEBUG|INFO|WARNING)/")


class LogFile:
    """A file that is put aside when it is full, and the oldest removed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8", errors="replace"
        )

    def keep(self, line: str) -> None:
        """`line` with or without its end."""
        self._handler.emit(logging.makeLogRecord({"msg": line.rstrip("\n")}))

    def close(self) -> None:
        self._handler.close()


def tells_of_a_fault(line: str) -> bool:
    """Whether it must be seen at once: an error, or what has no level, as a traceback."""
    return bool(line.strip()) and IS_ROUTINE.search(line) is None
