"""Servers of one test's own, which it may kill, with this process at work on them."""

import contextlib
from collections.abc import Iterator

from django.db import connection


@contextlib.contextmanager
def at_work_on(address: str) -> Iterator[None]:
    """Django's connection goes to the database of that address until the body ends."""
    shared = dict(connection.settings_dict)
    connection.close()
    server, _slash, name = address.removeprefix("postgresql://").partition("/")
    login, _at, place = server.rpartition("@")
    user, password = login.split(":")
    host, port = place.split(":")
    connection.settings_dict.update(NAME=name, USER=user, PASSWORD=password, HOST=host, PORT=port)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(shared)
