"""Statements too wide for the ORM: each stands in a file under sql/, where it is said what it touches and locks."""

from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection


class Statements:
    """The statements of one folder. `name` is a file's path in it, without the ending; parameters are by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.text = cache(self._read)

    def _read(self, name: str) -> str:
        return (self.folder / f"{name}.sql").read_text(encoding="utf-8")

    def run(self, name: str, **parameters: Any) -> int:
        """Execute a statement and return how many rows it touched."""
        with connection.cursor() as cursor:
            cursor.execute(self.text(name), parameters)
            return int(cursor.rowcount)

    def rows(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Execute a statement and return its rows."""
        with connection.cursor() as cursor:
            cursor.execute(self.text(name), parameters)
            return list(cursor.fetchall())


#: Those of the ground floor.
ours = Statements(Path(__file__).resolve().parent / "sql")
