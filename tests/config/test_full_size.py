"""The data of `make bench-full`, small: the same again for the same size, books that agree, pages that open."""

from itertools import chain

import pytest
from django.db import connection, transaction
from django.utils import timezone

from benchmarks.full_asked import pages
from benchmarks.full_data import STEPS, TABLES, Size, fill, make_programmes, prepare
from benchmarks.full_lists import searches
from benchmarks.full_plans import Plans
from memberships.admin.display import today
from memberships.models import EnterpriseCustomer, Member, Subscription
from operations.services.books import Difference, audit_books, period_until

pytestmark = pytest.mark.django_db


def fill_all(facts: dict[str, object]) -> str:
    """Every table, as make_data does it; what is in them, in a word."""
    for step in STEPS:
        for row in step:
            for name, _table in row:
                fill(name, facts)
    fill("long_history", facts)
    fill("identities", facts)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")
        found = []
        for table in TABLES:
            cursor.execute(f"SELECT md5(string_agg(row::text, '' ORDER BY row::text)) FROM {table} row")
            found += cursor.fetchone()
        return " ".join(map(str, found))


def test_the_full_size_in_small_is_the_same_again_agrees_with_its_books_and_opens() -> None:
    on = today()
    make_programmes(on=on)
    # Every wallet has its ledger, so that all books have something to say.
    facts = prepare(Size(on=on, members=200, firms=100, lots=800, entries_every=1, history=20))
    with transaction.atomic():
        first = fill_all(facts)
        transaction.set_rollback(True)
    assert fill_all(facts) == first
    assert (Member.objects.count(), EnterpriseCustomer.objects.count()) == (300, 100)
    assert Subscription.objects.active(on=on).exists() and Subscription.objects.exclude(lapsed_on=None).exists()
    found: list[Difference] = []
    audit_books(period_until(on, at=timezone.now()), tell=found.append, report=lambda audited, total: None)
    assert found == []
    plans = Plans()
    for page in chain(pages(requests=2), searches(requests=8)):
        assert page.asks, page.name
        looked = plans.look(page)
        assert looked.statements and not looked.faults, looked.faults
