"""Whatever happens to a wallet in whatever order of days: it does what a plain model does, and its books agree.

A hundred stories of thirty steps in every run; `make soak` tells as many as SOAK_EXAMPLES says.
"""

import os
from collections.abc import Callable
from datetime import date, timedelta
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
from memberships.models import Enrolment, Member, PointsEntry, PointsLot, Programme
from memberships.models.programmes import Audience
from memberships.services.points import spendable_points
from memberships.services.points_extensions import extend_points
from memberships.services.points_reinstatement import reinstate_points
from operations.errors import PlusdeskError
from operations.services.books import KeyRange, period_until
from tests.memberships.factories import TODAY, jd_plus
from tests.memberships.points_model import Ledger, Policy, Refused
from tests.memberships.points_stories import (
    a_key,
    by_policy,
    earn,
    expire,
    morning,
    post,
    reverse,
    spend,
)

pytestmark = pytest.mark.django_db

STEPS = 30
days = st.integers(0, 12).map(lambda number: TODAY + timedelta(days=number))
places = st.integers(0, 60)


class WalletMachine(RuleBasedStateMachine):
    """One wallet and its model; the clock goes back and forth, as two desks' clocks do."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.on = TODAY
        self.is_touched = True
        self.repeat: Callable[[], Any] | None = None

    @initialize(
        reversal=st.sampled_from(["pending_only", "within_balance", "may_go_negative"]),
        renewed=st.sampled_from([0, 3]), reinstated=st.sampled_from([0, 6]),
    )
    def open(self, reversal: str, renewed: int, reinstated: int) -> None:
        programme = Programme.objects.filter(code="jd-plus").first() or jd_plus()
        by_policy(
            programme, reversal=reversal, reinstate_days=reinstated, late_return_days=renewed,
            late_return="renew" if renewed else "expire",
        )
        member = Member.objects.create(kind=Audience.PERSON, joined_on=TODAY)
        self.wallet = Enrolment.objects.create(member=member, programme=programme, enrolled_on=TODAY)
        self.ledger = Ledger(Policy(reversal, renewed, reinstated))

    def both(self, on: date, service: Callable[[], Any], model: Callable[[], None]) -> None:
        """Both do it, or neither does."""
        self.on = on
        try:
            with transaction.atomic():
                service()
            is_done = True
        except PlusdeskError:
            is_done = False
        try:
            model()
            is_done_in_the_model = True
        except Refused:
            is_done_in_the_model = False
        assert is_done == is_done_in_the_model
        # What was refused was rolled back: there is nothing to look at.
        self.is_touched = is_done
        self.repeat = service if is_done else None

    @rule(on=days, points=st.integers(0, 30), lifetime=st.none() | st.integers(1, 8), qualifying=st.integers(0, 9),
          waits=st.none() | st.integers(0, 4))
    def earns(self, on: date, points: int, lifetime: int | None, qualifying: int, waits: int | None) -> None:
        key = a_key()
        facts = (
            None if lifetime is None else on + timedelta(days=lifetime), qualifying,
            None if waits is None else on + timedelta(days=waits),
        )
        self.both(
            on, lambda: earn(self.wallet, points, on=on, key=key, expires_on=facts[0], qualifying=facts[1],
                             pending_until=facts[2]),
            lambda: self.ledger.earn(points, on, *facts),
        )

    @rule(on=days, points=st.integers(1, 40))
    def spends(self, on: date, points: int) -> None:
        key = a_key()
        self.both(on, lambda: spend(self.wallet, points, on=on, key=key), lambda: self.ledger.spend(points, on))

    @rule(on=days)
    def posts(self, on: date) -> None:
        self.both(on, lambda: post(self.wallet, on=on), lambda: self.ledger.post(on))

    @rule(on=days)
    def expires(self, on: date) -> None:
        self.both(on, lambda: expire(self.wallet, on=on), lambda: self.ledger.expire(on))

    @precondition(lambda self: self.ledger.entries)
    @rule(on=days, place=places, points=st.none() | st.integers(0, 30), qualifying=st.none() | st.integers(0, 5))
    def reverses(self, on: date, place: int, points: int | None, qualifying: int | None) -> None:
        place, key = place % len(self.ledger.entries), a_key()
        entry = self.entry(place)
        part: dict[str, Any] = {"points": points, "qualifying": qualifying}
        self.both(
            on, lambda: reverse(entry, on=on, key=key, **part),
            lambda: self.ledger.reverse(place, on, points, qualifying),
        )

    @rule(on=days, ahead=st.integers(0, 6), further=st.integers(0, 6))
    def extends(self, on: date, ahead: int, further: int) -> None:
        by, key = on + timedelta(days=ahead), a_key()
        to = by + timedelta(days=further)
        self.both(
            on, lambda: extend_points(
                self.wallet, ending_by=by, to_date=to, key=key, on=on, at=morning(on), actor=None, reason="x"
            ),
            lambda: self.ledger.extend(by, to, on),
        )

    @precondition(lambda self: any(entry.kind == "expire" for entry in self.ledger.entries))
    @rule(on=days, place=places, lifetime=st.none() | st.integers(0, 8))
    def reinstates(self, on: date, place: int, lifetime: int | None) -> None:
        lost = [place for place, entry in enumerate(self.ledger.entries) if entry.kind == "expire"]
        place = lost[place % len(lost)]
        entry, day = self.entry(place), None if lifetime is None else on + timedelta(days=lifetime)
        if not self.ledger._reversals(place):
            self.both(
                on, lambda: reinstate_points(entry, expires_on=day, on=on, at=morning(on), actor=None, reason="x"),
                lambda: self.ledger.reinstate(place, on, day),
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
        figures = Enrolment.objects.values_list("balance", "pending", "debt").get(pk=self.wallet.pk)
        assert figures == (ledger.balance, ledger.pending, ledger.debt)
        lots = PointsLot.objects.filter(enrolment=self.wallet).order_by("pk")
        assert list(lots.values_list("remaining", "expires_on", "pending_until")) == [
            (lot.remaining, lot.expires_on, lot.pending_until) for lot in ledger.lots
        ]
        entries = PointsEntry.objects.filter(enrolment=self.wallet).order_by("pk")
        assert list(entries.values_list("kind", "points", "qualifying", "on")) == [
            (entry.kind, entry.points, entry.qualifying, entry.on) for entry in ledger.entries
        ]
        assert spendable_points(self.wallet, on=self.on) == ledger.spendable(self.on)
        assert ledger.debt == 0 or ledger.policy.reversal == "may_go_negative"

    def teardown(self) -> None:
        try:
            if hasattr(self, "wallet"):
                connection.check_constraints()
                assert list(differences_of(self.wallet)) == []
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def entry(self, place: int) -> PointsEntry:
        return PointsEntry.objects.filter(enrolment=self.wallet).order_by("pk")[place]


def differences_of(wallet: Enrolment) -> Any:
    """What `audit_books` finds in the ledger of one wallet."""
    period = period_until(TODAY, at=morning(TODAY))
    lots, entries = _pks(PointsLot, wallet), _pks(PointsEntry, wallet)
    for check, rows in ((Wallets(), [wallet.pk]), (Lots(), lots), (Entries(), entries)):
        if rows:
            yield from check.differences(KeyRange(min(rows), max(rows), len(rows)), period)


def _pks(model: Any, wallet: Enrolment) -> list[int]:
    return list(model.objects.filter(enrolment=wallet).values_list("pk", flat=True))


def test_wallet_does_what_a_plain_model_does() -> None:
    run_state_machine_as_test(WalletMachine, settings=settings(
        max_examples=int(os.environ.get("SOAK_EXAMPLES", "100")), stateful_step_count=STEPS, deadline=None,
        suppress_health_check=list(HealthCheck),
    ))


def test_claim_of_what_lacked_before_a_spend_leaves_that_spend_alone() -> None:
    told = WalletMachine()
    told.open(reversal="within_balance", renewed=0, reinstated=0)
    steps: list[Callable[[], None]] = [
        lambda: told.earns(TODAY, 100, None, 0, None), lambda: told.spends(TODAY, 100),
        lambda: told.reverses(TODAY, 0, None, None), lambda: told.earns(TODAY, 50, None, 0, None),
        lambda: told.spends(TODAY, 50), lambda: told.reverses(TODAY, 1, None, None),
        lambda: told.reverses(TODAY, 4, None, None),
    ]
    try:
        for step in steps:
            step()
            told.does_what_the_model_does()
        assert [entry.points for entry in told.ledger.entries[-3:]] == [100, -100, 50]
    finally:
        told.teardown()
