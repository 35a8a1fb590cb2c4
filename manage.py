#!/usr/bin/env python
"""Django's commands, with the embedded servers running for those that need a database."""

import os
import sys
from collections.abc import Sequence

# Commands that read and write files only.
WITHOUT_SERVERS = {
    "help",
    "version",
    "makemessages",
    "compilemessages",
    "collectstatic",
    "findstatic",
    "diffsettings",
    "startapp",
    "startproject",
}


def main(arguments: Sequence[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            f"{sys.executable} has no Django. Run `make` once to see how to begin;"
            " then use .venv/bin/python manage.py ..."
        )
    from config import embedded, messages

    try:
        if not needs_servers(arguments[1:]):
            execute_from_command_line(list(arguments))
            return
        messages.compile_missing()
        with embedded.servers():
            execute_from_command_line(list(arguments))
    except (embedded.EmbeddedServersError, ImproperlyConfigured) as error:
        sys.exit(str(error))


def needs_servers(arguments: Sequence[str]) -> bool:
    """Whether the command asks the database or the queue; help on a command never does."""
    if not arguments or arguments[0].startswith("-") or {"-h", "--help"} & set(arguments):
        return False
    if arguments[0] == "check":
        return any(option.startswith(("--database", "--deploy")) for option in arguments)
    return arguments[0] not in WITHOUT_SERVERS


if __name__ == "__main__":
    main(sys.argv)
