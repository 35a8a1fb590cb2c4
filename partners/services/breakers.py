"""The circuit breaker of a partner, seen by all workers.

After so many calls in a row that did not reach the partner, nothing is sent for a while: commands wait, and their
attempts are not used up. Then one is tried; if it gets through, all may.

pybreaker is not used: it wraps one call and writes its storage after each, in the thread of the call, where there is no
database; here a batch of answers is judged at once, between its calls and the next.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from django.db import transaction

from partners.models import Breaker, Partner

State = Breaker.State


class Passage(Enum):
    """How much may be sent."""

    NOTHING = 0
    ONE = 1
    ALL = 2


def passage(partner: Partner, *, at: datetime) -> Passage:
    """What may be sent to a partner now. Whoever sends the one begins its trial first."""
    breaker = Breaker.objects.filter(partner=partner).first()
    if breaker is None or breaker.state == State.CLOSED:
        return Passage.ALL
    pause = timedelta(seconds=partner.breaker_seconds)
    # Both ways: a clock that was ahead may have dated it.
    is_resting = breaker.opened_at is not None and abs(at - breaker.opened_at) < pause
    return Passage.NOTHING if is_resting else Passage.ONE


def begin_trial(partner: Partner, *, at: datetime) -> None:
    """One call is under way; if its worker dies, the next may be after another pause."""
    Breaker.objects.filter(partner=partner).update(state=State.HALF_OPEN, opened_at=at)


@transaction.atomic
def note_calls(partner: Partner, were_reached: Iterable[bool], *, at: datetime) -> Breaker:
    """Count calls, in the order in which they ended; opens or closes the breaker. Locks its row."""
    Breaker.objects.bulk_create([Breaker(partner=partner)], ignore_conflicts=True)
    breaker = Breaker.objects.select_for_update().get(partner=partner)
    before = (breaker.state, breaker.failures)
    for was_reached in were_reached:
        if was_reached:
            breaker.state, breaker.failures, breaker.opened_at = State.CLOSED, 0, None
        else:
            breaker.failures += 1
            if breaker.state == State.HALF_OPEN or breaker.failures >= partner.breaker_failures:
                breaker.state, breaker.opened_at = State.OPEN, breaker.opened_at or at
    if breaker.state == State.OPEN and before[0] != State.OPEN:
        breaker.opened_at = at
    if (breaker.state, breaker.failures) != before:
        breaker.save()
    return breaker
