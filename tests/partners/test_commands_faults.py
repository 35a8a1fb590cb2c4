"""Commands to a partner that fails in every way there is: nothing is done twice, nothing is forgotten."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from operations.services.holds import holding
from partners.models import Breaker, Command, Offer, Partner, PartnerKey
from partners.sandbox.faults import FAULTS
from partners.services import commands
from partners.services.commands import EVERYTHING
from tests.partner import PartnerForTests, PartnersForTests
from tests.partners.fulfilment_stories import (
    a_grant,
    a_partner,
    an_offer,
    change,
    commands_of,
    fulfilment_of,
    give,
    states,
    work_off,
)

pytestmark = pytest.mark.django_db(transaction=True)
LATER = datetime(2032, 1, 1, tzinfo=timezone.get_current_timezone())


@pytest.fixture
def iqiyi(partners: PartnersForTests) -> Partner:
    return a_partner(at=partners, timeout_seconds="0.4", breaker_failures=50)


@pytest.fixture
def there(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("iqiyi")


@pytest.fixture
def offer(iqiyi: Partner) -> Offer:
    return an_offer(iqiyi)


def days_later(number: int) -> datetime:
    return LATER + timedelta(days=number)


def test_every_fault_ends_in_one_provision(iqiyi: Partner, offer: Offer, there: PartnerForTests) -> None:
    for number, fault in enumerate(FAULTS):
        there.order_faults(orders={fault: 1.0}, slow_ms=800, retry_after_s=30)
        fulfilment = fulfilment_of(a_grant(offer))
        work_off(iqiyi, at=days_later(2 * number))
        (kind, state), = commands_of(fulfilment)
        assert (kind, state) == ("provision", "queued" if fault == "rate_limited" else "unknown"), fault
        there.clear_faults()
        work_off(iqiyi, at=days_later(2 * number + 1))
        assert commands_of(fulfilment) == [("provision", "done")], fault
    assert set(states(iqiyi).values()) == {"active"}
    assert states(iqiyi) == there.states()
    assert {fulfilment["provisioned"] for fulfilment in there.fulfilments()} == {1}
    assert {command["id"].rpartition(".")[2] for command in there.commands()} == {"1"}


def test_faults_of_asking_leave_it_to_be_asked_again(iqiyi: Partner, offer: Offer, there: PartnerForTests) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    there.order_faults(orders={"timeout_after": 1.0})
    work_off(iqiyi, at=days_later(0))
    for number, fault in enumerate(FAULTS, start=1):
        there.order_faults(queries={fault: 1.0}, slow_ms=800, retry_after_s=30)
        work_off(iqiyi, at=days_later(number))
        assert commands_of(fulfilment) == [("provision", "unknown")], fault
    there.clear_faults()
    work_off(iqiyi, at=days_later(99))
    assert states(iqiyi) == there.states() == {fulfilment.key: "active"}


def test_partner_that_says_later_is_left_alone_for_so_long(
    iqiyi: Partner, offer: Offer, there: PartnerForTests
) -> None:
    there.order_faults(orders={"rate_limited": 1.0}, retry_after_s=30)
    a_grant(offer)
    work_off(iqiyi, at=LATER)
    command = Command.objects.get()
    assert (command.state, command.attempts, command.error) == ("queued", 0, "rate_limited")
    assert timedelta(seconds=30) < command.next_attempt_at - LATER < timedelta(seconds=35)
    assert work_off(iqiyi, at=LATER + timedelta(seconds=29)) == 0


def test_pauses_grow_and_differ(iqiyi: Partner, offer: Offer, there: PartnerForTests) -> None:
    there.order_faults(orders={"error_before": 1.0}, queries={"error_before": 1.0})
    give([offer] * 12)
    pauses = []
    for number in range(3):
        work_off(iqiyi, at=days_later(number))
        pauses.append([command.next_attempt_at - days_later(number) for command in Command.objects.all()])
    for number, seconds in enumerate((2, 4, 8)):
        assert all(timedelta(seconds=seconds / 2) <= pause <= timedelta(seconds=seconds) for pause in pauses[number])
        assert len(set(pauses[number])) == 12


def test_attempts_that_run_out_are_a_dead_letter_with_its_reason_and_come_back_to_life(
    iqiyi: Partner, offer: Offer, there: PartnerForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PARTNER_ATTEMPTS", 2)
    there.order_faults(orders={"timeout_after": 1.0}, queries={"error_before": 1.0})
    grant = a_grant(offer)
    for number in range(3):
        work_off(iqiyi, at=days_later(number))
    assert (fulfilment_of(grant).state, fulfilment_of(grant).error) == ("requested", "internal_error")
    assert fulfilment_of(grant).dead_at == days_later(1)
    there.clear_faults()
    change(grant, state="ended")
    work_off(iqiyi, at=days_later(9))
    assert states(iqiyi) == there.states() == {fulfilment_of(grant).key: "revoked"}
    assert fulfilment_of(grant).dead_at is None


def test_worker_that_died_before_or_after_its_call_is_followed_by_one_that_asks_first(
    iqiyi: Partner, offer: Offer, there: PartnerForTests
) -> None:
    never_sent, sent = give([offer, offer])
    orders = commands.claim(iqiyi, EVERYTHING, at=LATER, most=10)
    there.order(orders[1].id, orders[1].key, member=orders[1].member, starts_on="2027-01-15", ends_on=None)
    assert work_off(iqiyi, at=LATER) == 0
    assert work_off(iqiyi, at=LATER + timedelta(minutes=1)) == 2
    assert {fulfilment_of(grant).state for grant in (never_sent, sent)} == {"active"}
    assert [fulfilment["provisioned"] for fulfilment in there.fulfilments()] == [1, 1]


def test_answer_that_comes_twice_or_late_changes_nothing(iqiyi: Partner, offer: Offer) -> None:
    fulfilment = fulfilment_of(a_grant(offer))
    heard = []
    for answers in commands.deliveries(iqiyi, EVERYTHING, clock=lambda: LATER):
        heard += answers
        for _time in range(3):
            commands.record_answers(answers, on=LATER.date(), at=LATER)
    assert len(heard) == 1
    assert commands.record_answers(heard, on=LATER.date(), at=LATER) == []
    assert commands_of(fulfilment) == [("provision", "done")]
    assert fulfilment.events.filter(kind="answered").count() == 1


def test_refused_product_is_a_dead_letter_and_ends_with_the_right(iqiyi: Partner, there: PartnerForTests) -> None:
    grant = a_grant(an_offer(iqiyi, sku="refused-vip"))
    work_off(iqiyi)
    assert (fulfilment_of(grant).state, fulfilment_of(grant).error) == ("failed", "sku_refused")
    assert states(iqiyi) == there.states()
    assert work_off(iqiyi) == 0
    change(grant, state="ended")
    work_off(iqiyi)
    assert states(iqiyi) == there.states() == {fulfilment_of(grant).key: "revoked"}


def test_order_that_makes_no_sense_to_the_partner_is_a_dead_letter(iqiyi: Partner) -> None:
    grant = a_grant(an_offer(iqiyi, sku="a sku with blanks"))
    work_off(iqiyi)
    assert (fulfilment_of(grant).state, fulfilment_of(grant).error) == ("failed", "invalid_request")
    assert commands_of(fulfilment_of(grant)) == [("provision", "failed")]


def test_suspension_of_what_the_partner_revoked_by_itself_tells_us_so(
    iqiyi: Partner, there: PartnerForTests
) -> None:
    grant = a_grant(an_offer(iqiyi, suspends_in_grace=True))
    work_off(iqiyi)
    there.change_order(fulfilment_of(grant).key, "revoked", reason="abuse")
    change(grant, state="in_grace")
    work_off(iqiyi)
    assert (fulfilment_of(grant).state, fulfilment_of(grant).error) == ("revoked", "revoked_by_partner")
    assert states(iqiyi) == there.states()


def test_second_worker_leaves_the_partner_to_the_first(iqiyi: Partner, offer: Offer) -> None:
    a_grant(offer)
    is_held, is_over = threading.Event(), threading.Event()

    def first_worker() -> None:
        with holding("partner:iqiyi"):
            is_held.set()
            is_over.wait(30)
        connection.close()

    worker = threading.Thread(target=first_worker)
    worker.start()
    is_held.wait(30)
    assert work_off(iqiyi) == 0
    assert Command.objects.get().attempts == 0
    is_over.set()
    worker.join()
    assert work_off(iqiyi) == 1


def test_partner_is_not_asked_for_more_at_a_time_than_it_bears(
    partners: PartnersForTests, there: PartnerForTests
) -> None:
    iqiyi = a_partner(at=partners, in_flight=3)
    there.order_faults(latency_ms=60)
    give([an_offer(iqiyi)] * 12)
    work_off(iqiyi)
    assert set(states(iqiyi).values()) == {"active"}
    assert partners.load()["most"] <= 3


def test_partner_is_not_called_more_often_a_second_than_agreed(
    partners: PartnersForTests, there: PartnerForTests
) -> None:
    iqiyi = a_partner(at=partners, per_second=20)
    give([an_offer(iqiyi)] * 10)
    work_off(iqiyi)
    at = [datetime.fromisoformat(command["at"]) for command in there.commands()]
    assert len(at) == 10
    assert max(at) - min(at) >= timedelta(seconds=0.4)


@pytest.fixture
def without_keys(iqiyi: Partner) -> Iterator[Partner]:
    PartnerKey.objects.update(revoked_at=LATER - timedelta(days=9))
    yield iqiyi


def test_partner_without_valid_keys_waits_and_uses_up_nothing(without_keys: Partner, offer: Offer) -> None:
    a_grant(offer)
    assert work_off(without_keys, at=LATER) == 0
    assert (Command.objects.get().state, Command.objects.get().attempts) == ("queued", 0)
    assert not Breaker.objects.exists()


def test_keys_that_the_partner_does_not_know_open_the_breaker_and_kill_nothing(
    iqiyi: Partner, offer: Offer, there: PartnerForTests, partners: PartnersForTests
) -> None:
    Partner.objects.update(breaker_failures=2, breaker_seconds=30)
    iqiyi.refresh_from_db()
    secrets = partners.server.address.partners["iqiyi"]
    there.change_secrets(orders_secret="whsec_" + "QUFB" * 8, events_secret=secrets.events_secret)
    give([offer] * 40)
    work_off(iqiyi, at=LATER)
    assert Breaker.objects.get().state == "open"
    assert Command.objects.filter(attempts=0, state="queued").count() >= 30
    there.change_secrets(orders_secret=secrets.orders_secret, events_secret=secrets.events_secret)
    work_off(iqiyi, at=days_later(1))
    assert set(states(iqiyi).values()) == {"active"}
