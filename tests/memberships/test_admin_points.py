"""Wallets at the desk: figures, lots by expiry, every entry with what it drew; nothing can be changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from memberships.admin import points_page
from memberships.admin.display import today
from memberships.models import Enrolment, PointsLot
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.desk_stories import an_auditors_desk
from tests.memberships.factories import an_operator
from tests.memberships.points_stories import a_wallet, earn, expire, reverse, spend

pytestmark = pytest.mark.django_db
LIST = "/admin/memberships/enrolment/"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


@pytest.fixture
def wallet() -> Enrolment:
    return a_wallet()


def days(number: int) -> Any:
    return today() + timedelta(days=number)


def shown(desk: Client, wallet: Enrolment, **query: Any) -> Any:
    page = desk.get(f"{LIST}{wallet.pk}/change/", query)
    assert page.status_code == 200
    return page


def test_wallets_are_found_by_member_number(desk: Client, wallet: Enrolment) -> None:
    a_wallet(None, wallet.programme)
    answer = desk.post(f"{LIST}find/", {"q": wallet.member.number}, follow=True)
    assert [row.pk for row in answer.context["cl"].result_list] == [wallet.pk]


def test_a_wallet_shows_balance_what_can_be_spent_and_what_goes_next(desk: Client, wallet: Enrolment) -> None:
    earn(wallet, 100, expires_on=days(-1), on=days(-30))
    earn(wallet, 200, expires_on=days(5), on=days(-30))
    earn(wallet, 300, expires_on=None, on=days(-30))
    page = shown(desk, wallet)
    figures = page.context["figures"]
    assert (figures.balance, figures.spendable) == (600, 500)
    text = page.content.decode()
    assert f"200 points on {days(5):%Y-%m-%d}" in text
    assert "the next night takes them off" in text and "expired, to be booked" in text


def test_lots_stand_in_the_order_in_which_they_are_spent(desk: Client, wallet: Enrolment) -> None:
    never = earn(wallet, 300, expires_on=None, on=days(-30)).lot_id
    late = earn(wallet, 200, expires_on=days(9), on=days(-30)).lot_id
    over = earn(wallet, 100, expires_on=days(-1), on=days(-30)).lot_id
    soon = earn(wallet, 50, expires_on=days(3), on=days(-30)).lot_id
    expire(wallet, on=today())
    spend(wallet, 60, on=today())
    lines = shown(desk, wallet).context["lots"]
    # What is spent to the last point is found by its entries.
    assert [line.lot.pk for line in lines] == [over, late, never] and soon not in [line.lot.pk for line in lines]
    assert [(line.is_expired, line.is_booked, line.spent) for line in lines] == [
        (True, True, 0), (False, False, 10), (False, False, 0)
    ]


def test_entries_say_what_they_drew_and_what_they_reverse(desk: Client, wallet: Enrolment) -> None:
    first = earn(wallet, 50, expires_on=days(3), on=days(-30))
    second = earn(wallet, 200, expires_on=days(9), on=days(-30))
    spent = spend(wallet, 60, on=today())
    reverse(spent, on=today())
    page = shown(desk, wallet)
    lines = page.context["entries"].lines
    assert [(line.entry.kind, line.entry.points) for line in lines] == [
        ("reverse", 60), ("spend", -60), ("earn", 200), ("earn", 50)
    ]
    assert {(draw.lot_id, draw.points) for draw in lines[1].draws} == {(first.lot_id, 50), (second.lot_id, 10)}
    text = page.content.decode()
    assert "+60" in text and "-60" in text and f"50 of lot {first.lot_id}" in text
    assert f'href="#entry-{spent.pk}"' in text and spent.key in text


def test_lots_and_entries_are_paged_by_key(
    desk: Client, wallet: Enrolment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(points_page, "LOTS_SHOWN", 2)
    monkeypatch.setattr(points_page, "PAGE_SIZE", 2)
    expiries = [None, days(9), days(3), None, days(9)]
    for day in expiries:
        earn(wallet, 10, expires_on=day, on=days(-30))
    in_order = sorted(
        PointsLot.objects.all(), key=lambda lot: (lot.expires_on is None, str(lot.expires_on), lot.pk)
    )
    seen, query = [], ""
    while True:
        page = desk.get(f"{LIST}{wallet.pk}/change/{query}")
        seen += [line.lot.pk for line in page.context["lots"]]
        query = page.context["lots_next_url"]
        if not query:
            break
    assert seen == [lot.pk for lot in in_order]
    entries, query = [], ""
    while True:
        page = desk.get(f"{LIST}{wallet.pk}/change/{query}").context["entries"]
        entries += [line.entry.pk for line in page.lines]
        query = page.next_url
        if not query:
            break
    assert entries == sorted(entries, reverse=True) and len(entries) == 5


@pytest.mark.parametrize("query", ["before=x", "before=-1", "lots_after=2026-02-30_1", "lots_after=_", "lots_after=1"])
def test_a_broken_place_in_the_address_is_the_beginning(desk: Client, wallet: Enrolment, query: str) -> None:
    earn(wallet, 10, expires_on=days(9), on=days(-30))
    page = desk.get(f"{LIST}{wallet.pk}/change/?{query}")
    assert page.status_code == 200 and len(page.context["lots"]) == 1


def test_the_auditor_reads_and_nobody_writes(wallet: Enrolment) -> None:
    desk = an_auditors_desk()
    assert desk.get(f"{LIST}{wallet.pk}/change/").status_code == 200
    for page in ("add/", f"{wallet.pk}/delete/"):
        assert desk.post(f"{LIST}{page}").status_code == 403
    stranger = signed_in(an_operator())
    assert stranger.get(f"{LIST}{wallet.pk}/change/").status_code == 403


def test_lots_and_entries_have_rights_of_their_own(wallet: Enrolment) -> None:
    entry = earn(wallet, 10, expires_on=days(9), on=days(-30))
    page = shown(signed_in(granted(an_operator(), "memberships.view_enrolment")), wallet)
    assert page.context["lots"] == [] and page.context["entries"] is None
    assert entry.key not in page.content.decode()


@pytest.mark.parametrize("key", ["0", "999999999999999999999", "abc"])
def test_a_wallet_that_is_not_there_is_not_found(desk: Client, key: str) -> None:
    assert desk.get(f"{LIST}{key}/change/").status_code == 404
