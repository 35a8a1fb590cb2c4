"""Pages are read by key: every row once, forwards and backwards, without counting or skipping."""

from datetime import date, timedelta

import pytest
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import connection
from django.test.utils import CaptureQueriesContext

from memberships.models import Member
from operations.admin.counts import count_rows
from operations.admin.paging import read_page
from tests.memberships.admin_pages import counts_or_skips

pytestmark = pytest.mark.django_db
FIRST_DAY = date(2027, 1, 1)


@pytest.fixture
def members() -> list[Member]:
    """Seven members; two joined on each day, so that the order by day has ties."""
    return Member.objects.bulk_create(
        Member(kind="person", joined_on=FIRST_DAY + timedelta(days=number // 2)) for number in range(7)
    )


@pytest.mark.parametrize("order", ["pk", "-pk", "joined_on", "-joined_on"])
def test_walking_forwards_meets_every_row_once(members: list[Member], order: str) -> None:
    sign = "-" if order.startswith("-") else ""
    expected = list(Member.objects.order_by(order, f"{sign}pk").values_list("pk", flat=True))
    seen, after = [], None
    while True:
        page = read_page(Member.objects.all(), order=order, size=3, after=after)
        seen += [member.pk for member in page.rows]
        if not page.has_next:
            break
        after = str(page.rows[-1].pk)
    assert seen == expected


@pytest.mark.parametrize("order", ["-pk", "joined_on"])
def test_the_page_before_is_the_one_that_was_left(members: list[Member], order: str) -> None:
    first = read_page(Member.objects.all(), order=order, size=2)
    second = read_page(Member.objects.all(), order=order, size=2, after=str(first.rows[-1].pk))
    third = read_page(Member.objects.all(), order=order, size=2, after=str(second.rows[-1].pk))
    assert read_page(Member.objects.all(), order=order, size=2, before=str(third.rows[0].pk)) == second
    back = read_page(Member.objects.all(), order=order, size=2, before=str(second.rows[0].pk))
    assert back == first and not back.has_previous


def test_a_page_neither_counts_nor_skips(members: list[Member]) -> None:
    with CaptureQueriesContext(connection) as queries:
        read_page(Member.objects.all(), order="-pk", size=2, after=str(members[5].pk))
    assert len(queries) == 2
    assert counts_or_skips(queries.captured_queries) == []


def test_an_unknown_key_leads_to_the_first_page_and_nonsense_is_refused(members: list[Member]) -> None:
    page = read_page(Member.objects.all(), order="joined_on", size=2, after="999999999")
    assert page.rows == members[:2] and not page.has_previous
    with pytest.raises(IncorrectLookupParameters):
        read_page(Member.objects.all(), order="-pk", size=2, after="nonsense")


def test_few_rows_are_counted_exactly_with_a_bound(new_tables: None, members: list[Member]) -> None:
    with CaptureQueriesContext(connection) as queries:
        count = count_rows(Member.objects.all())
    assert (count.number, count.is_exact) == (7, True)
    assert counts_or_skips(queries.captured_queries) == []


def test_few_rows_that_are_dear_to_find_are_estimated(
    new_tables: None, members: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.admin.counts.EXACT_COST", 1)
    with CaptureQueriesContext(connection) as queries:
        assert not count_rows(Member.objects.filter(subscriptions__plan__grace_days=7)).is_exact
    assert len(queries) == 1 and queries.captured_queries[0]["sql"].startswith("EXPLAIN")


def test_many_rows_are_estimated(new_tables: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO memberships_member (kind, joined_on)"
            " SELECT 'person', '2027-01-01' FROM generate_series(1, 31234)"
        )
        cursor.execute("ANALYZE memberships_member")
    count = count_rows(Member.objects.all())
    assert (count.number, count.is_exact) == (31_200, False)
    with CaptureQueriesContext(connection) as queries:
        assert "31,200" in str(count_rows(Member.objects.all()))
    assert len(queries) == 1 and queries.captured_queries[0]["sql"].startswith("EXPLAIN")
