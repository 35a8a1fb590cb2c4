"""Who did what, when and why: a search over every event table and every ledger, complete and bounded."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from memberships.models import EnterpriseCustomer, Member, PointsEntry, Programme
from operations.audit import because
from operations.models import Reveal, User
from operations.services import trail
from operations.services.reveals import reveal
from operations.services.trail import Found, Place, Question, look_at, search_trail, walk_trail
from operations.trail import trail_tables
from tests.memberships.factories import TODAY, a_firm, an_operator
from tests.memberships.points_stories import a_wallet, earn, spend

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def asks(**facts: Any) -> Question:
    """About all tables, and the last two days where nothing else is said."""
    now = timezone.now()
    return Question(**{"since": now - DAY, "until": now + DAY, "tables": trail_tables(), **facts})


def found(question: Question, *, size: int = 100) -> list[str]:
    """What was found, newest first: table and kind of event."""
    return [told(row) for row in search_trail(question, size=size).found]


def told(row: Found) -> str:
    record = row.table.model._default_manager.get(pk=row.place.key)
    return f"{row.table.told.__name__} {getattr(record, 'pgh_label', 'entry')}"


@pytest.fixture
def story() -> dict[str, Any]:
    """Xiaomei moves a firm after a call and looks at its contact; a run closes another one; somebody is renamed."""
    xiaomei, lin = an_operator(), an_operator("lin")
    firm, other = a_firm(), a_firm()
    with because("客户来电：搬迁 100%", actor=xiaomei):
        EnterpriseCustomer.objects.filter(pk=firm.pk).update(city="宁波市")
    with because(job="close_members", run=7, chunk=1, batch=4, actor=lin):
        Member.objects.filter(pk=other.pk).update(closed_on=TODAY)
    reveal(firm.contacts.get(), ["mobile"], reason="核对身份", actor=xiaomei, at=timezone.now())
    Programme.objects.update(name="新名")
    return {"xiaomei": xiaomei, "lin": lin, "firm": firm, "other": other}


def test_an_operators_changes_are_found_with_what_ledgers_say_of_them(story: dict[str, Any]) -> None:
    assert found(asks(actor=story["xiaomei"].pk)) == ["Reveal entry", "EnterpriseCustomer update"]
    assert found(asks(actor=story["lin"].pk)) == ["Member update"]
    assert found(asks(actor=10**9)) == []


def test_changes_are_found_by_their_reason_run_import_and_job(story: dict[str, Any]) -> None:
    assert found(asks(reason="来电")) == ["EnterpriseCustomer update"]
    assert found(asks(reason="100%")) == ["EnterpriseCustomer update"]
    assert found(asks(reason="1_0%")) == [], "a mark of patterns is a mark"
    assert found(asks(reason="核对")) == ["Reveal entry"]
    for fact in ({"run": 7}, {"batch": 4}, {"job": "close_members"}, {"run": 7, "job": "close_members"}):
        assert found(asks(**fact)) == ["Member update"], fact
    assert found(asks(run=7, actor=story["xiaomei"].pk)) == []


def test_a_record_and_a_member_have_their_own_trail(story: dict[str, Any]) -> None:
    firm = story["firm"]
    of_firms = tuple(table for table in trail_tables() if table.told is EnterpriseCustomer)
    assert found(asks(tables=of_firms, record=firm.pk)) == ["EnterpriseCustomer update", "EnterpriseCustomer insert"]
    wallet = a_wallet()
    earn(wallet, 100)
    spend(wallet, 60)
    both = asks(owner=wallet.member_id, since=datetime.fromisoformat("2026-01-01T00:00:00+08:00"),
                until=datetime.fromisoformat("2028-01-01T00:00:00+08:00"))
    assert found(both)[:2] == ["PointsEntry entry"] * 2, "as their own instants say, which were passed in"
    assert set(found(both)[2:]) == {"Member insert", "MemberContact insert"}
    assert "EnterpriseCustomer update" in found(asks(owner=firm.pk))
    assert "Programme update" not in found(asks(owner=firm.pk))


def test_only_the_period_is_searched_and_the_tables_one_may_see(story: dict[str, Any]) -> None:
    now = timezone.now()
    assert found(asks(since=now - 9 * DAY, until=now - DAY)) == []
    people = tuple(table for table in trail_tables() if table.told is User)
    assert set(found(asks(tables=people))) == {"User insert"}


@pytest.fixture
def many(story: dict[str, Any]) -> Iterator[None]:
    """A hundred and sixty events of a second, and entries that share their instant to the microsecond."""
    for number in range(4):
        with because(f"renamed {number}", actor=story["lin"], run=number):
            Programme.objects.bulk_create(
                Programme(code=f"p{number}-{each}", name="名", name_en="Name", audience="person") for each in range(20)
            )
            Programme.objects.filter(code__startswith=f"p{number}-").update(name="新名")
    at = timezone.now()
    Reveal.objects.bulk_create(
        Reveal(actor=story["lin"], model="m", object_id=each, field="f", reason="renamed", revealed_at=at)
        for each in range(60)
    )
    return


@pytest.mark.parametrize("facts", [{}, {"reason": "renamed"}], ids=["all", "by reason"])
def test_pages_hold_each_row_once_in_order_however_little_is_looked_at(
    many: None, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = asks(**facts)
    whole = [row.place for row in search_trail(question, size=10_000).found]
    assert whole == sorted(whole, reverse=True)
    assert len(whole) == len(set(whole)) >= 220
    assert [row.place for row in walk_trail(question, most=10_000, size=37)] == whole
    monkeypatch.setattr(trail, "MOST", 40)
    monkeypatch.setattr(trail, "MOST_OF_ANY", 30)
    monkeypatch.setattr(trail, "MOST_IN_ALL", 100)
    monkeypatch.setattr(trail, "CONTEXTS", 2)
    monkeypatch.setattr(trail, "SHORTEST", timedelta(milliseconds=25))
    assert [row.place for row in walk_trail(question, most=10_000, size=37)] == whole


def test_a_page_says_how_far_it_looked_and_where_to_go_on(many: None) -> None:
    page = search_trail(asks(), size=10)
    assert page.older == page.found[-1].place
    assert page.looked_to == page.found[-1].place.at
    assert page.older is not None
    assert Place.parse(str(page.older)) == page.older
    last = search_trail(asks(since=timezone.now() - timedelta(hours=5)), size=10_000)
    assert last.older is None
    for broken in ("", "x", "2027-01-15,a,b", "2027-01-15T00:00:00,a,1", "2027-01-15T00:00:00+08:00,a," + "9" * 30):
        assert Place.parse(broken) is None


@pytest.mark.usefixtures("new_tables")
def test_time_is_found_by_its_index_in_every_table_and_contexts_by_theirs(many: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for table in trail_tables():
            if table.is_event or table.told in (PointsEntry, Reveal):
                assert "_brin" in _plan(table) or "_by_" in _plan(table), table.name
        cursor.execute("EXPLAIN SELECT FROM pghistory_context WHERE metadata->>'user' = '7' AND created_at > now()")
        assert "audit_context_by_user" in str(cursor.fetchall())


def _plan(table: Any) -> str:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + look_at(table), {
            "firsts": [now - DAY], "lasts": [now], "until": now, "edge": 0, "size": 10, "most": 100, "record": None,
            "indexed_owner": None, "owner": None, "contexts": None, "actor": None, "reason": None,
        })
        return str(cursor.fetchall())


def test_every_table_that_only_grows_is_part_of_the_trail() -> None:
    names = {table.told for table in trail_tables() if not table.is_event}
    assert {PointsEntry, Reveal} <= names
    assert len({table.name for table in trail_tables()}) == len(trail_tables()) >= 70
