"""The plan of every statement that a page sends: buffers that it touches, and large tables that it reads whole."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection
from django.test import Client

from benchmarks.full_asked import ROLES, Ask, Page
from operations.models import User

#: Buffers (of 8 kB) that a statement may touch, and rows from which on a table is large.
MOST_BUFFERS, LARGE = 2_000, 100_000
#: Requests of a page whose statements are looked at.
LOOKED_AT = 4
#: Between a statement and its parameters.
PARAMETERS = " -- parameters: "


class Fault(NamedTuple):
    """A statement that reads too much, and why."""

    page: str
    path: str
    why: str
    sql: str

    @property
    def statement(self) -> str:
        """Without its parameters."""
        return self.sql.partition(PARAMETERS)[0]


class Looked(NamedTuple):
    """What the statements of a page touch: how many they are, and the most buffers of one."""

    statements: int
    buffers: int
    faults: list[Fault]


class Plans:
    """Looks at pages, by the test client of each role."""

    def __init__(self) -> None:
        self.clients = {}
        for role, login in ROLES.items():
            client = Client(SERVER_NAME="127.0.0.1")
            client.force_login(User.objects.get(username=login.username))
            self.clients[role] = client
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s", [LARGE])
            self.large = {name for (name,) in cursor.fetchall()}

    def look(self, page: Page) -> Looked:
        """The statements of some requests of a page; each distinct statement counts with the worst of them."""
        faults: dict[str, Fault] = {}
        statements, buffers = 0, 0
        step = max(len(page.asks) // LOOKED_AT, 1)
        for ask in page.asks[::step][: 3 * LOOKED_AT]:
            sent = list(self._statements(page.role, ask))
            statements = max(statements, len(sent))
            for sql, plan in sent:
                touched, whole = _touched(plan), sorted(_read_whole(plan) & self.large)
                buffers = max(buffers, touched)
                why = [f"{touched:,} buffers"] if touched > MOST_BUFFERS else []
                why += [f"reads {', '.join(whole)} whole"] if whole else []
                if why:
                    fault = Fault(page.name, ask.path, "; ".join(why), sql)
                    faults.setdefault(fault.statement, fault)
        return Looked(statements, buffers, list(faults.values()))

    def _statements(self, role: str, ask: Ask) -> Iterator[tuple[str, dict[str, Any]]]:
        """Statement and plan of all that a request, and what it leads to, asks the database."""
        client = self.clients[role]
        with _explaining() as found:
            response = client.get(ask.path) if ask.data is None else client.post(ask.path, ask.data, follow=True)
        if response.status_code != 200:
            raise AssertionError(f"{ask.path}: {response.status_code}")
        yield from found


@contextmanager
def _explaining() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Every SELECT is explained, besides being done."""
    found: list[tuple[str, dict[str, Any]]] = []
    is_explaining = False

    def explain(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        nonlocal is_explaining
        if not is_explaining and not many and sql.lstrip(" (\n").upper().startswith(("SELECT", "WITH", "--")):
            is_explaining = True
            try:
                with connection.cursor() as cursor:
                    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
                    [(told,)] = cursor.fetchall()
            finally:
                is_explaining = False
            plan = told if isinstance(told, list) else json.loads(told)
            found.append((f"{sql}{PARAMETERS}{params!r}", plan[0]["Plan"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield found


def _touched(plan: dict[str, Any]) -> int:
    return int(plan.get("Shared Hit Blocks", 0)) + int(plan.get("Shared Read Blocks", 0)) + int(
        plan.get("Temp Read Blocks", 0)
    )


def _read_whole(plan: dict[str, Any]) -> set[str]:
    """The tables under sequential scans that were begun."""
    own = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" and plan.get("Actual Loops") else set()
    return own.union(*(_read_whole(each) for each in plan.get("Plans", ())))
