"""A partner that is down: nothing is sent for a while, nothing is given up, and one call finds out when it is back."""

from datetime import UTC, datetime, timedelta

import pytest

from partners.models import Breaker, Command, Partner
from partners.services import breakers
from partners.services.breakers import Passage, note_calls, passage
from tests.partner import PartnersForTests
from tests.partners.fulfilment_stories import a_partner, an_offer, give, states, work_off

NOW = datetime(2032, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def kugou(db: None) -> Partner:
    return a_partner("kugou", breaker_failures=3, breaker_seconds=30)


def test_failures_in_a_row_open_it_and_a_success_between_does_not(kugou: Partner) -> None:
    note_calls(kugou, [False, False, True, False, False], at=NOW)
    assert passage(kugou, at=NOW) is Passage.ALL
    note_calls(kugou, [False], at=NOW)
    assert passage(kugou, at=NOW) is Passage.NOTHING
    assert passage(kugou, at=NOW + 29 * SECOND) is Passage.NOTHING
    assert passage(kugou, at=NOW + 30 * SECOND) is Passage.ONE


def test_one_trial_closes_or_opens_it_again(kugou: Partner) -> None:
    note_calls(kugou, [False] * 3, at=NOW)
    later = NOW + 30 * SECOND
    breakers.begin_trial(kugou, at=later)
    assert passage(kugou, at=later) is Passage.NOTHING, "while the trial is under way"
    note_calls(kugou, [False], at=later + SECOND)
    assert passage(kugou, at=later + 30 * SECOND) is Passage.NOTHING
    breakers.begin_trial(kugou, at=later + 31 * SECOND)
    note_calls(kugou, [True], at=later + 32 * SECOND)
    assert passage(kugou, at=later + 32 * SECOND) is Passage.ALL
    assert (Breaker.objects.get().failures, Breaker.objects.get().opened_at) == (0, None)


def test_trial_whose_worker_died_is_followed_by_another(kugou: Partner) -> None:
    note_calls(kugou, [False] * 3, at=NOW)
    breakers.begin_trial(kugou, at=NOW + 30 * SECOND)
    assert passage(kugou, at=NOW + 60 * SECOND) is Passage.ONE


def test_calls_under_way_when_it_opened_do_not_put_off_its_end(kugou: Partner) -> None:
    note_calls(kugou, [False] * 3, at=NOW)
    note_calls(kugou, [False] * 3, at=NOW + 9 * SECOND)
    assert passage(kugou, at=NOW + 30 * SECOND) is Passage.ONE


def test_breaker_dated_by_a_clock_that_was_ahead_does_not_stay_open(kugou: Partner) -> None:
    note_calls(kugou, [False] * 3, at=NOW + timedelta(days=1))
    assert passage(kugou, at=NOW) is Passage.ONE


@pytest.mark.django_db(transaction=True)
def test_commands_wait_while_the_partner_is_down_and_go_through_when_it_is_back(partners: PartnersForTests) -> None:
    iqiyi = a_partner(at=partners, in_flight=2, breaker_failures=3, breaker_seconds=30)
    there = partners.partner("iqiyi")
    there.order_faults(is_down=True)
    give([an_offer(iqiyi)] * 20)
    work_off(iqiyi, at=NOW)
    tried = Command.objects.filter(attempts=1).count()
    assert 3 <= tried <= 4, "those under way when it opened"
    assert Command.objects.filter(state="queued", attempts=0).count() == 20 - tried
    assert work_off(iqiyi, at=NOW + 29 * SECOND) == 0
    work_off(iqiyi, at=NOW + 31 * SECOND)
    assert Breaker.objects.get().state == "open"
    assert Command.objects.filter(attempts__gt=0).count() <= tried + 1, "one was tried"
    there.clear_faults()
    work_off(iqiyi, at=NOW + 120 * SECOND)
    assert Breaker.objects.get().state == "closed"
    assert set(states(iqiyi).values()) == {"active"}
    assert states(iqiyi) == there.states()
