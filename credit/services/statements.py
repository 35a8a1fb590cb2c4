"""This floor's statements too wide for the ORM: each stands in a file under sql/, with what it touches and locks."""

from pathlib import Path

from operations.statements import Statements

_ours = Statements(Path(__file__).resolve().parent.parent / "sql")
statement, run, rows = _ours.text, _ours.run, _ours.rows
