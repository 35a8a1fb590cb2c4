"""Every long list is walked: first page, next, previous; filtered and not. Each row is shown once; no statement counts
or skips rows, and none can only be answered by reading a long table through.
"""

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.full_asked import address
from benchmarks.full_data import STEPS, TABLES, Size, fill, make_programmes, prepare
from benchmarks.full_lists import LISTS, filters_of
from memberships.admin.display import today
from tests.memberships.admin_pages import a_superuser, counts_or_skips, signed_in

pytestmark = pytest.mark.django_db
#: Rows of a page here.
SIZE = 2


def a_full_house() -> None:
    """Some hundred rows of everything."""
    make_programmes(on=today())
    facts = prepare(Size(on=today(), members=60, firms=400, lots=120, entries_every=2, history=8))
    for step in STEPS:
        for row in step:
            for name, _table in row:
                fill(name, facts)
    fill("identities", facts)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")


def read(desk: Client, url: str) -> tuple[list[Any], Any]:
    """The keys on a page, and the page; what it asked was looked at."""
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        answer = desk.get(url)
    assert answer.status_code == 200, url
    assert counts_or_skips(queries) == [], url
    for query in queries:
        assert not read_whole(query["sql"]) & {*TABLES}, (url, query["sql"])
    return [row.pk for row in answer.context["cl"].result_list], answer.context["cl"]


def read_whole(sql: str) -> set[str]:
    """Tables that a statement reads through, though PostgreSQL would rather not."""
    # A count of few rows is only asked for where the planner thinks it cheap (counts.py).
    if not sql.startswith(("SELECT", "WITH")) or sql.startswith("SELECT COUNT("):
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        [(told,)] = cursor.fetchall()
        cursor.execute("SET LOCAL enable_seqscan = on")
    plan = told if isinstance(told, list) else json.loads(told)
    return set(_whole(plan[0]["Plan"]))


def _whole(plan: dict[str, Any]) -> Iterator[str]:
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for each in plan.get("Plans", ()):
        yield from _whole(each)


@pytest.mark.usefixtures("new_tables")
def test_every_long_list_is_walked_to_and_fro() -> None:
    a_full_house()
    desk, walked = signed_in(a_superuser()), set()
    for label in LISTS:
        model = apps.get_model(label)
        url = address(model)
        with patch.object(type(admin.site._registry[model]), "list_per_page", SIZE):
            first, page = read(desk, url)
            if page.next_url:
                second, page = read(desk, url + page.next_url)
                assert read(desk, url + page.previous_url)[0] == first, label
            if page.next_url:
                walked.add(label)
                third, deep = read(desk, url + page.next_url)
                assert len({*first, *second, *third}) == len(first) + len(second) + len(third), label
                assert read(desk, url + deep.previous_url)[0] == second, label
            for _title, queries in filters_of(desk, url):
                for query in queries:
                    rows, page = read(desk, f"{url}?{query}")
                    if page.next_url:
                        more, page = read(desk, url + page.next_url)
                        assert not {*rows} & {*more}
                        assert read(desk, url + page.previous_url)[0] == rows, (label, query)
    assert walked >= {
        "memberships.Member", "memberships.EnterpriseCustomer", "memberships.Subscription", "memberships.Enrolment",
        "memberships.MemberContact", "memberships.Payment", "credit.CreditLine", "credit.Invoice",
    }, walked
