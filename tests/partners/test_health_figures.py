"""How partners do, in figures: calls, breaker, what waits, codes left, calls refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operations.crypto import keyed_hash
from partners.models import Breaker, Command, Fulfilment, Offer, Partner, RefusedCalls, VoucherCode
from partners.services.events import NOBODY, count_refused
from partners.services.health import Calls, Health, health_of, refused_calls
from partners.services.status_matches import revoke_match
from tests.memberships.points_stories import morning
from tests.partners.partner_stories import a_benefit, a_fulfilment, a_partner, an_event, an_offer, send_event
from tests.partners.test_status_matches import a_wallet, asked, confirmed, the_rules

pytestmark = pytest.mark.django_db

AT = datetime(2027, 1, 15, 2, 0, tzinfo=UTC)
ON = date(2027, 1, 15)


def health(partner: Partner, *, on: date = ON, at: datetime = AT) -> Health:
    (found,) = health_of([partner], on=on, at=at)
    return found


def answered(partner: Partner, state: str = "done", *, ago: timedelta, latency: int | None = 100) -> Command:
    """A command that was answered so long ago."""
    fulfilment = a_fulfilment(partner)
    fulfilment.commands.update(state=state, attempts=1, answered_at=AT - ago, latency_ms=latency)
    Fulfilment.objects.filter(pk=fulfilment.pk).update(state="active")
    return Command.objects.get(fulfilment=fulfilment)


def codes(offer: Offer, count: int, **facts: Any) -> None:
    VoucherCode.objects.bulk_create(
        VoucherCode(
            offer=offer, partner=offer.partner, code=f"c{n}", ending=f"c{n}"[-4:], imported_at=AT,
            code_hash=keyed_hash(f"{offer.pk} {facts} {n}", purpose="voucher code"), **facts,
        )
        for n in range(count)
    )


def test_partner_of_whom_nothing_is_known_is_well() -> None:
    found = health(a_partner())
    assert (found.hour, found.day, found.behind, found.dead, found.needs_a_look) == (Calls(), Calls(), 0, 0, False)
    assert (found.hour.success, found.breaker_state) == (None, Breaker.State.CLOSED)


def test_success_and_latency_of_the_last_hour_and_day() -> None:
    partner = a_partner()
    for minutes, state, latency in ((1, "done", 100), (2, "done", 200), (3, "failed", 3000), (90, "done", 50)):
        answered(partner, state, ago=timedelta(minutes=minutes), latency=latency)
    answered(partner, ago=timedelta(days=2))
    answered(a_partner("kugou"), "failed", ago=timedelta(minutes=1))
    found = health(partner)
    assert found.hour == Calls(count=3, failed=1, median_ms=200, p95_ms=3000)
    assert found.day == Calls(count=4, failed=1, median_ms=100, p95_ms=3000)
    assert found.fails_often and found.needs_a_look


def test_busy_partner_takes_nothing_from_what_is_seen_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partners.services.health.MOST_CALLS", 2)
    busy, quiet = a_partner(), a_partner("kugou")
    answered(quiet, "failed", ago=timedelta(minutes=50))
    for minutes in (1, 2, 3):
        answered(busy, ago=timedelta(minutes=minutes), latency=minutes)
    assert health(quiet).hour.failed == 1
    assert health(busy).hour == Calls(count=2, failed=0, median_ms=1, p95_ms=2), "its newest"


def test_what_waits_and_since_when() -> None:
    partner = a_partner()
    fulfilment = a_fulfilment(partner)
    began = Command.objects.get(fulfilment=fulfilment).created_at
    a_fulfilment(partner)
    found = health(partner, at=began + timedelta(minutes=30))
    assert (found.behind, found.oldest_at, found.waits_long) == (2, began, False)
    assert health(partner, at=began + timedelta(minutes=61)).waits_long


def test_status_matches_without_an_answer_wait_too() -> None:
    partner = a_partner("marriott")
    the_rules(partner)
    match = asked(a_wallet("black-gold", on=ON), partner, on=ON)
    found = health(partner, at=match.at + timedelta(minutes=59))
    assert (found.open_matches, found.behind, found.oldest_at, found.waits_long) == (1, 0, match.at, False)
    assert health(partner, at=match.at + timedelta(minutes=61)).needs_a_look
    confirmed(match, on=ON)
    assert (health(partner).open_matches, health(partner).oldest_at) == (0, None)
    later = ON + timedelta(days=40)
    revoke_match(match, on=later, at=morning(later), actor=None, reason="退卡")
    assert health(partner, on=later, at=morning(later)).oldest_at == morning(later), "its end is to be told"


def test_open_breaker_and_dead_letters_are_worth_a_look() -> None:
    partner = a_partner()
    Breaker.objects.create(partner=partner, state=Breaker.State.OPEN, failures=5, opened_at=AT)
    assert health(partner).needs_a_look
    other = a_partner("kugou")
    send_event("kugou", an_event("unheard.of"))
    Fulfilment.objects.filter(pk=a_fulfilment(other).pk).update(dead_at=AT, error="x")
    found = health(other)
    assert (found.dead_fulfilments, found.dead_events, found.behind, found.needs_a_look) == (1, 1, 0, True)
    assert found.last_event_at is not None


def test_low_stock_of_codes_is_warned_of() -> None:
    partner = a_partner()
    many = an_offer(partner, a_benefit(code="many"), sku="many", mode=Offer.Mode.VOUCHERS, low_stock=2)
    few = an_offer(partner, a_benefit(code="few"), sku="few", mode=Offer.Mode.VOUCHERS, low_stock=2)
    an_offer(partner, a_benefit(code="none"), sku="over", mode=Offer.Mode.VOUCHERS, ends_on=date(2026, 12, 31))
    codes(many, 3)
    codes(few, 2)
    codes(few, 5, expires_on=date(2027, 1, 14))
    found = health(partner)
    assert [(stock.sku, stock.left) for stock in found.stocks] == [("few", 2), ("many", 3)]
    assert [stock.sku for stock in found.low_stocks] == ["few"] and found.needs_a_look


def test_refused_calls_of_the_week_by_reason() -> None:
    partner = a_partner()
    for days, reason in ((0, "bad-signature"), (0, "bad-signature"), (6, "too-old"), (7, "too-old")):
        count_refused("iqiyi", reason, on=ON - timedelta(days=days))
    count_refused("iqiyi", "made up by somebody", on=ON)
    count_refused(NOBODY, "unknown-partner", on=ON)
    assert health(partner).refused == {"bad-signature": 2, "other": 1, "too-old": 1}
    assert refused_calls([], on=ON) == {NOBODY: {"unknown-partner": 1}}
    assert RefusedCalls.objects.count() == 5


def test_figures_of_many_partners_take_as_many_questions_as_of_one() -> None:
    partners = [a_partner(f"p{number}", has_keys=False) for number in range(5)]
    with CaptureQueriesContext(connection) as of_many:
        health_of(partners, on=ON, at=AT)
    with CaptureQueriesContext(connection) as of_one:
        health_of(partners[:1], on=ON, at=AT)
    assert len(of_many) == len(of_one) == 5
