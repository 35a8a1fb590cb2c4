"""manage.py knows which commands need servers, and says what to do without Django."""

import subprocess
import sys

import pytest

from manage import needs_servers
from tests.config.embedded_users import PROJECT


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("", False),
        ("help", False),
        ("--version", False),
        ("migrate --help", False),
        ("makemessages -l zh_Hans", False),
        ("check", False),
        ("check --deploy", True),
        ("check --database default", True),
        ("migrate", True),
        ("makemigrations --check", True),
        ("load_demo", True),
    ],
)
def test_commands_that_need_servers(line: str, answer: bool) -> None:
    assert needs_servers(line.split()) is answer


def test_a_python_without_django_is_told_to_run_make() -> None:
    done = subprocess.run([sys.executable, "-S", "manage.py", "migrate"], capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 1
    assert "Run `make`" in done.stderr
