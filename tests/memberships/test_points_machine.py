"""Whatever happens to a wallet in whatever order of days: it does what a plain model does, and its books agree.

A hundred stories of thirty steps in every run; `make soak` tells as many as SOAK_EXAMPLES says.
"""

import os
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from memberships.books.points import Entries, Lots, Wallets
from memberships.errors import InsufficientPointsError, NotReversibleError
from memberships.models import Enrolment, LotDraw, Member, PointsEntry, PointsLot, PointsPolicy, Programme
from memberships.models.programmes import Audience
from memberships.services.points import spendable_points
from memberships.services.points_adjustments import adjust_points
from memberships.services.points_extensions import extend_points
from memberships.services.points_reinstatement import reinstate_points
from memberships.services.points_reversal import Prospect, Reversal, foresee_reversal
from operations.errors import PlusdeskError
from operations.services.books import KeyRange, period_until
from tests.memberships.factories import TODAY
from tests.memberships.points_model import Ledger, Policy, Refused
from tests.memberships.points_stories import (
    a_key,
    earn,
    expire,
    morning,
    post,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db

STEPS = 30
#: Days are counted from the first. Where points end by inactivity, a matter of months, each is a week and a day.
days = st.integers(0, 12)
places = st.integers(0, 60)
LONG = 8
POLICIES = [
    Policy(reversal, renewed * unit, reinstated * unit, idle)
    for reversal in ("pending_only", "within_balance", "may_go_negative")
    for renewed, reinstated, (idle, unit) in product((0, 3), (0, 6), ((0, 1), (1, LONG)))
]
#: The whole wallet by one question: figures, lots, entries.
WALLET = """
SELECT balance, pending, debt, idle_on,
    (SELECT coalesce(json_agg(json_build_array(remaining, expires_on, pending_until) ORDER BY id), '[]')
        FROM memberships_pointslot WHERE enrolment_id = wallet.id),
    (SELECT coalesce(json_agg(json_build_array(kind, points, qualifying, "on") ORDER BY id), '[]')
        FROM memberships_pointsentry WHERE enrolment_id = wallet.id),
    (SELECT array_agg(id ORDER BY id) FROM memberships_pointsentry WHERE enrolment_id = wallet.id)
FROM memberships_enrolment wallet
WHERE id = %s
"""


@pytest.fixture(autouse=True)
def _programmes() -> None:
    """One for each policy; made once, since an example leaves nothing behind."""
    made = Programme.objects.bulk_create(
        Programme(code=f"policy-{number}", audience=Audience.PERSON) for number in range(len(POLICIES))
    )
    PointsPolicy.objects.bulk_create(
        PointsPolicy(
            programme=programme, reversal=policy.reversal, reinstate_days=policy.reinstate_days,
            late_return_days=policy.renewed_days, late_return="renew" if policy.renewed_days else "expire",
            expiry="inactivity" if policy.idle_months else "never", expiry_months=policy.idle_months or None,
        )
        for programme, policy in zip(made, POLICIES, strict=True)
    )


class WalletMachine(RuleBasedStateMachine):
    """One wallet and its model; the clock goes back and forth, as two desks' clocks do."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.on = TODAY
        self.is_touched = True
        self.booked: list[int] = []
        self.repeat: Callable[[], Any] | None = None

    @initialize(policy=st.sampled_from(POLICIES))
    def open(self, policy: Policy) -> None:
        programme = Programme.objects.get(code=f"policy-{POLICIES.index(policy)}")
        member = Member.objects.create(kind=Audience.PERSON, joined_on=TODAY)
        self.wallet = Enrolment.objects.create(member=member, programme=programme, enrolled_on=TODAY)
        self.ledger, self.unit = Ledger(policy), LONG if policy.idle_months else 1

    def day(self, number: int) -> date:
        return TODAY + timedelta(days=number * self.unit)

    def later(self, day: date, number: int | None) -> date | None:
        return None if number is None else day + timedelta(days=number * self.unit)

    def both(self, on: date, service: Callable[[], Any], model: Callable[[], None]) -> Any:
        """Both do it, or neither does: what the service returned, or its error."""
        self.on = on
        try:
            result, is_done = service(), True
        except PlusdeskError as error:
            result, is_done = error, False
        try:
            model()
            is_done_in_the_model = True
        except Refused:
            is_done_in_the_model = False
        assert is_done == is_done_in_the_model
        # What was refused leaves nothing to look at.
        self.is_touched = is_done
        self.repeat = service if is_done else None
        return result

    @rule(day=days, points=st.integers(0, 30), lifetime=st.none() | st.integers(1, 8), qualifying=st.integers(0, 9),
          waits=st.none() | st.integers(0, 4))
    def earns(self, day: int, points: int, lifetime: int | None, qualifying: int, waits: int | None) -> None:
        on, key = self.day(day), a_key()
        expires_on, pending_until = self.later(on, lifetime), self.later(on, waits)
        self.both(
            on, lambda: earn(self.wallet, points, on=on, key=key, expires_on=expires_on, qualifying=qualifying,
                             pending_until=pending_until),
            lambda: self.ledger.earn(points, on, expires_on, qualifying, pending_until),
        )

    @rule(day=days, points=st.integers(1, 40))
    def spends(self, day: int, points: int) -> None:
        on, key = self.day(day), a_key()
        done = self.both(on, lambda: spend(self.wallet, points, on=on, key=key), lambda: self.ledger.spend(points, on))
        if isinstance(done, InsufficientPointsError):
            assert done.spendable == self.ledger.spendable(on)

    @rule(day=days, points=st.integers(-20, 20), lifetime=st.none() | st.integers(0, 8), qualifying=st.integers(-3, 5))
    def is_adjusted(self, day: int, points: int, lifetime: int | None, qualifying: int) -> None:
        on, key = self.day(day), a_key()
        expires_on = self.later(on, lifetime)
        self.both(
            on, lambda: adjust_points(
                self.wallet, points, reason_code="goodwill", key=key, on=on, at=morning(on), actor=None,
                qualifying=qualifying, expires_on=expires_on,
            ),
            lambda: self.ledger.adjust(points, on, expires_on, qualifying),
        )

    @rule(day=days)
    def posts(self, day: int) -> None:
        on = self.day(day)
        self.both(on, lambda: post(self.wallet, on=on), lambda: self.ledger.post(on))

    @rule(day=days)
    def expires(self, day: int) -> None:
        on = self.day(day)
        self.both(on, lambda: expire(self.wallet, on=on), lambda: self.ledger.expire(on))

    @precondition(lambda self: self.ledger.entries)
    @rule(day=days, place=places, points=st.none() | st.integers(0, 30), qualifying=st.none() | st.integers(0, 5))
    def reverses(self, day: int, place: int, points: int | None, qualifying: int | None) -> None:
        on, place, key = self.day(day), place % len(self.ledger.entries), a_key()
        entry = self.entry(place)
        part: dict[str, Any] = {"points": points, "qualifying": qualifying}
        is_whole = points is None and qualifying is None
        foreseen = prospect(entry, on=on) if is_whole else None
        done = self.both(
            on, lambda: reverse(entry, on=on, key=key, **part),
            lambda: self.ledger.reverse(place, on, points, qualifying),
        )
        if entry.kind == "spend" and isinstance(done, Reversal) and foreseen:
            kept = done.entry.points - lost_of_gift(done.entry)
            # What debts and claims take of points that are over is not lost with them.
            is_paid = LotDraw.objects.filter(paid_after=done.entry).exists()
            assert kept == foreseen.moved or (is_paid and kept > foreseen.moved)
        elif is_whole:
            moved = (abs(done.entry.points), done.missing) if isinstance(done, Reversal) else None
            assert moved == (foreseen and (foreseen.moved, foreseen.missing))

    @rule(day=days, ahead=st.integers(0, 6), further=st.integers(0, 6))
    def extends(self, day: int, ahead: int, further: int) -> None:
        on, key = self.day(day), a_key()
        by, to = self.day(day + ahead), self.day(day + ahead + further)
        self.both(
            on, lambda: extend_points(
                self.wallet, ending_by=by, to_date=to, key=key, on=on, at=morning(on), actor=None, reason="x"
            ),
            lambda: self.ledger.extend(by, to, on),
        )

    @precondition(lambda self: any(entry.kind == "expire" for entry in self.ledger.entries))
    @rule(day=days, place=places, lifetime=st.none() | st.integers(0, 8))
    def reinstates(self, day: int, place: int, lifetime: int | None) -> None:
        lost = [place for place, entry in enumerate(self.ledger.entries) if entry.kind == "expire"]
        on, place = self.day(day), lost[place % len(lost)]
        entry, expires_on = self.entry(place), self.later(on, lifetime)
        if not self.ledger._reversals(place):
            self.both(
                on, lambda: reinstate_points(
                    entry, expires_on=expires_on, on=on, at=morning(on), actor=None, reason="x"
                ),
                lambda: self.ledger.reinstate(place, on, expires_on),
            )

    @precondition(lambda self: self.repeat is not None)
    @rule()
    def happens_again(self) -> None:
        """The invariants see that nothing changed."""
        assert self.repeat is not None
        self.repeat()
        self.is_touched = True

    @invariant()
    def does_what_the_model_does(self) -> None:
        if not hasattr(self, "wallet") or not self.is_touched:
            return
        ledger = self.ledger
        with connection.cursor() as cursor:
            cursor.execute(WALLET, [self.wallet.pk])
            (*figures, lots, entries, booked) = cursor.fetchone()
        assert figures == [ledger.balance, ledger.pending, ledger.debt, ledger.idle_on]
        assert lots == [[lot.remaining, _day(lot.expires_on), _day(lot.pending_until)] for lot in ledger.lots]
        assert entries == [
            [entry.kind, entry.points, entry.qualifying, _day(entry.on)] for entry in ledger.entries
        ]
        assert ledger.debt == 0 or ledger.policy.reversal == "may_go_negative"
        self.booked = booked or []

    def teardown(self) -> None:
        """The whole audit once, at the end: what an example leaves is rolled back, not deleted."""
        try:
            if hasattr(self, "wallet"):
                connection.check_constraints()
                assert spendable_points(self.wallet, on=self.on) == self.ledger.spendable(self.on)
                assert list(differences_of(self.wallet, self.booked)) == []
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def entry(self, place: int) -> PointsEntry:
        return PointsEntry.objects.select_related("enrolment").get(pk=self.booked[place])


def prospect(entry: PointsEntry, *, on: date) -> Prospect | None:
    """What the desk foretells of a reversal; None: that it will be refused."""
    try:
        return foresee_reversal(entry, on=on)
    except NotReversibleError:
        return None


def lost_of_gift(reversal: PointsEntry) -> int:
    """What of a spend's reversal expired at once, and was not renewed."""
    later = PointsEntry.objects.filter(enrolment=reversal.enrolment_id, pk__gt=reversal.pk)
    return -sum(later.filter(kind__in=("expire", "reinstate")).values_list("points", flat=True))


def differences_of(wallet: Enrolment, entries: list[int]) -> Any:
    """What `audit_books` finds in the ledger of one wallet."""
    period = period_until(TODAY, at=morning(TODAY))
    lots = list(PointsLot.objects.filter(enrolment=wallet).values_list("pk", flat=True))
    for check, rows in ((Wallets(), [wallet.pk]), (Lots(), lots), (Entries(), entries)):
        if rows:
            yield from check.differences(KeyRange(min(rows), max(rows), len(rows)), period)


def _day(day: date | None) -> str | None:
    """As JSON has it."""
    return day.isoformat() if day else None


def test_wallet_does_what_a_plain_model_does() -> None:
    run_state_machine_as_test(WalletMachine, settings=settings(
        max_examples=int(os.environ.get("SOAK_EXAMPLES", "100")), stateful_step_count=STEPS, deadline=None,
        suppress_health_check=list(HealthCheck),
    ))


def told(policy: Policy, *steps: Callable[[WalletMachine], None]) -> Ledger:
    """A story of its own, told by the machine; its ledger at the end."""
    machine = WalletMachine()
    try:
        machine.open(policy=policy)
        for step in steps:
            step(machine)
            machine.does_what_the_model_does()
    finally:
        machine.teardown()
    return machine.ledger


def test_claim_of_what_lacked_before_a_spend_leaves_that_spend_alone() -> None:
    ledger = told(
        Policy("within_balance"),
        lambda wallet: wallet.earns(0, 100, None, 0, None), lambda wallet: wallet.spends(0, 100),
        lambda wallet: wallet.reverses(0, 0, None, None), lambda wallet: wallet.earns(0, 50, None, 0, None),
        lambda wallet: wallet.spends(0, 50), lambda wallet: wallet.reverses(0, 1, None, None),
        lambda wallet: wallet.reverses(0, 4, None, None),
    )
    assert [entry.points for entry in ledger.entries[-3:]] == [100, -100, 50]


@pytest.mark.parametrize("spent", [99, 100])
def test_spend_given_back_after_the_idle_day_is_lost_whether_or_not_something_was_left(spent: int) -> None:
    ledger = told(
        Policy("within_balance", idle_months=1),
        lambda wallet: wallet.earns(0, 100, None, 0, None), lambda wallet: wallet.spends(0, spent),
        lambda wallet: wallet.expires(12), lambda wallet: wallet.reverses(12, 1, None, None),
    )
    assert (ledger.balance, sum(entry.points for entry in ledger.entries if entry.kind == "expire")) == (0, -100)
