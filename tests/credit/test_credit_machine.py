"""Whatever is drawn, paid, taken back and changed, in whatever order: a line does what a plain model does.

A hundred stories of thirty steps in every run; `make soak` tells as many as SOAK_EXAMPLES says. After each step every
figure of line, authorisations, invoices and receipts is compared; at the end, the books are audited.
"""

import os
from collections.abc import Callable
from datetime import date
from decimal import Decimal
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

from credit.errors import DrawRefusedError
from credit.models import Authorisation, CreditEntry, CreditPolicy, Invoice, Receipt
from credit.services.allocations import allocate, apply_unapplied, deallocate
from credit.services.line_changes import change_line, raise_for_a_time
from credit.services.receipts import bounce_receipt, refund_receipt
from credit.services.write_offs import recover, write_off
from memberships.models import Subscription
from operations.errors import PlusdeskError
from tests.credit.credit_model import Line, Refused
from tests.credit.credit_stories import DAY, TODAY, a_card_with_credit, a_key, a_line, an_offer, the_policy
from tests.credit.draw_stories import captured, credited, entered, expired, held, the_rules, voided, when
from tests.credit.receipt_stories import differences, paid_by

pytestmark = pytest.mark.django_db

STEPS, TERM, OVERDUE, ORDER = 30, 10, 5, 80_000
#: In fen; often the same, so that some are exactly what is open or left.
amounts = st.sampled_from([1, 9_999, 10_000, 25_000, 50_000]) | st.integers(1, 90_000)
parts = st.none() | amounts
places = st.integers(0, 60)
#: The whole line by one question.
LINE = """
SELECT ARRAY[open_amount, authorised_amount, unapplied_amount], credit_limit_on(line.id, %(on)s),
    (SELECT coalesce(json_agg(json_build_array(amount, captured, state) ORDER BY id), '[]')
        FROM credit_authorisation WHERE line_id = line.id),
    (SELECT coalesce(json_agg(
            json_build_array(amount, paid, credited, written_off, outstanding, due_on) ORDER BY id
        ), '[]')
        FROM credit_invoice WHERE line_id = line.id),
    (SELECT coalesce(json_agg(json_build_array(amount, allocated, refunded, unapplied, state) ORDER BY id), '[]')
        FROM credit_receipt WHERE line_id = line.id)
FROM credit_creditline line
WHERE id = %(line)s
"""


def yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100


def part_of(fen: int | None) -> Decimal | None:
    return None if fen is None else yuan(fen)


@pytest.fixture(autouse=True)
def _card() -> None:
    """One card whose line each story opens anew, since an example leaves nothing behind."""
    the_policy()
    terms = {"kind": "net_days", "days": TERM}
    CreditPolicy.objects.update(offers={"classic": an_offer(terms=terms)})
    the_rules(overdue_days=str(OVERDUE), order_amount=str(yuan(ORDER)))
    a_card_with_credit()


class CreditMachine(RuleBasedStateMachine):
    """One line and its model. Days only go on."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.on = TODAY
        self.is_drawn = self.has_passed = False
        self.repeat: Callable[[], Any] | None = None

    @initialize(limit=st.sampled_from([100_000, 200_000]))
    def open(self, limit: int) -> None:
        terms = {"kind": "net_days", "days": TERM}
        self.line = a_line(str(yuan(limit)), terms, card=Subscription.objects.get())
        self.model = Line(limit, TERM, OVERDUE, ORDER)

    def both(self, service: Callable[[], Any], model: Callable[[], None]) -> Any:
        """Both do it, or neither does: what the service returned, or its error."""
        try:
            result, is_done = service(), True
        except PlusdeskError as error:
            result, is_done = error, False
        try:
            model()
            is_done_in_the_model = True
        except Refused:
            is_done_in_the_model = False
        assert is_done == is_done_in_the_model, result
        self.is_drawn, self.has_passed, self.repeat = False, False, service if is_done else None
        return result

    def draws(self, amount: int, service: Callable[[], Any], model: Callable[[], None]) -> None:
        """What is refused names all the rules that stop it."""
        stops = self.model.stops(amount, self.on)
        done = self.both(service, model)
        if stops:
            assert isinstance(done, DrawRefusedError)
            assert {each.code for each in done.hindrances} == set(stops)
        self.is_drawn = not stops

    # --- draws

    @rule(amount=amounts, days=st.integers(1, 9))
    def authorises(self, amount: int, days: int) -> None:
        on, facts = self.on, {"key": a_key(), "expires_on": self.on + days * DAY}
        self.draws(
            amount, lambda: held(self.line, str(yuan(amount)), on=on, **facts),
            lambda: self.model.authorise(amount, days, on),
        )

    @rule(amount=amounts)
    def enters(self, amount: int) -> None:
        on, key = self.on, a_key()
        self.draws(
            amount, lambda: entered(self.line, str(yuan(amount)), on=on, key=key), lambda: self.model.enter(amount, on)
        )

    @precondition(lambda self: self.model.authorised)
    @rule(place=places, amount=parts, is_final=st.booleans())
    def captures(self, place: int, amount: int | None, is_final: bool) -> None:
        on, key = self.on, a_key()
        place = _nth_that([each.held > 0 for each in self.model.authorisations], place)
        order, part = self.nth(Authorisation, place), None if amount is None else str(yuan(amount))
        self.both(
            lambda: captured(order, part, on=on, key=key, is_final=is_final),
            lambda: self.model.capture(place, amount, is_final, on),
        )

    @precondition(lambda self: self.model.authorised)
    @rule(place=places)
    def voids(self, place: int) -> None:
        on, place = self.on, _nth_that([each.held > 0 for each in self.model.authorisations], place)
        order = self.nth(Authorisation, place)
        self.both(lambda: voided(order, on=on), lambda: self.model.void(place))

    @precondition(lambda self: self.model.invoices)
    @rule(place=places, amount=amounts)
    def credits(self, place: int, amount: int) -> None:
        on, place, key = self.on, place % len(self.model.invoices), a_key()
        invoice = self.nth(Invoice, place)
        self.both(
            lambda: credited(invoice, str(yuan(amount)), on=on, key=key), lambda: self.model.credit(place, amount)
        )

    # --- receipts

    @rule(amount=amounts, names=st.none() | places)
    def receives(self, amount: int, names: int | None) -> None:
        on, key = self.on, a_key("bank")
        names = names % len(self.model.invoices) if names is not None and self.model.invoices else None
        reference = "" if names is None else f"货款 {self.nth(Invoice, names).number}"
        self.both(
            lambda: paid_by(self.line, str(yuan(amount)), on=on, key=key, received_on=on, reference=reference),
            lambda: self.model.receive(amount, names),
        )

    @precondition(lambda self: self.model.unapplied and self.model.open)
    @rule()
    def applies_what_is_unapplied(self) -> None:
        facts = when(self.on)
        self.both(lambda: apply_unapplied(self.line, **facts), self.model.apply_unapplied)

    @precondition(lambda self: self.model.unapplied and self.model.open)
    @rule(place=places, number=places, amount=parts)
    def allocates(self, place: int, number: int, amount: int | None) -> None:
        place = _nth_that([each.unapplied > 0 for each in self.model.receipts], place)
        number = _nth_that([each.outstanding > 0 for each in self.model.invoices], number)
        receipt, invoice = self.nth(Receipt, place), self.nth(Invoice, number)
        facts = {**when(self.on), "key": a_key(), "amount": part_of(amount)}
        self.both(lambda: allocate(receipt, invoice, **facts), lambda: self.model.allocate(place, number, amount))

    @precondition(lambda self: self.model.allocations)
    @rule(place=places, amount=parts)
    def deallocates(self, place: int, amount: int | None) -> None:
        place = place % len(self.model.allocations)
        paid = CreditEntry.objects.filter(line=self.line, kind="allocate").order_by("pk")[place]
        facts = {**when(self.on), "key": a_key(), "amount": part_of(amount), "reason": "改核销"}
        self.both(lambda: deallocate(paid, **facts), lambda: self.model.deallocate(place, amount))

    @precondition(lambda self: self.model.receipts)
    @rule(place=places)
    def bounces(self, place: int) -> None:
        """Often one of which something was paid back."""
        on, facts = self.on, {**when(self.on), "reason": "退票"}
        place = _nth_that([each.refunded > 0 for each in self.model.receipts], place)
        receipt = self.nth(Receipt, place)
        self.both(lambda: bounce_receipt(receipt, **facts), lambda: self.model.bounce(place, on))

    @precondition(lambda self: self.model.unapplied)
    @rule(place=places, amount=amounts)
    def refunds(self, place: int, amount: int) -> None:
        place = _nth_that([each.unapplied > 0 for each in self.model.receipts], place)
        facts = {**when(self.on), "key": a_key(), "reason": "退款"}
        receipt = self.nth(Receipt, place)
        self.both(lambda: refund_receipt(receipt, yuan(amount), **facts), lambda: self.model.refund(place, amount))

    # --- what is not expected any more, and what else moves

    @precondition(lambda self: self.model.open)
    @rule(place=places, amount=amounts)
    def writes_off(self, place: int, amount: int) -> None:
        place = _nth_that([each.outstanding > 0 for each in self.model.invoices], place)
        facts = {**when(self.on), "key": a_key(), "reason": "坏账"}
        invoice = self.nth(Invoice, place)
        self.both(lambda: write_off(invoice, yuan(amount), **facts), lambda: self.model.write_off(place, amount))

    @precondition(lambda self: self.model.write_offs)
    @rule(place=places, amount=amounts)
    def recovers(self, place: int, amount: int) -> None:
        place, facts = place % len(self.model.write_offs), {**when(self.on), "key": a_key(), "reason": "收回"}
        entry = CreditEntry.objects.filter(line=self.line, kind="write_off").order_by("pk")[place]
        self.both(lambda: recover(entry, yuan(amount), **facts), lambda: self.model.recover(place, amount))

    @rule(limit=st.sampled_from([50_000, 100_000, 200_000]), increase=st.none() | amounts, days=st.integers(0, 6))
    def moves_limit(self, limit: int, increase: int | None, days: int) -> None:
        """To another one from today on, or by so much for some days."""
        facts, ends_on = {**when(self.on), "starts_on": self.on, "reason": "复审"}, self.on + days * DAY
        if increase is None:
            self.both(
                lambda: change_line(self.line, limit=yuan(limit), **facts), lambda: setattr(self.model, "limit", limit)
            )
        else:
            facts |= {"key": a_key(), "ends_on": ends_on, "amount": yuan(increase)}
            self.both(
                lambda: raise_for_a_time(self.line, **facts),
                lambda: self.model.increases.append((increase, ends_on)),
            )

    @precondition(lambda self: not self.has_passed)
    @rule(days=st.integers(1, 8), has_night=st.booleans())
    def days_pass(self, days: int, has_night: bool) -> None:
        """Until a night that lets go of what is over, or without one: it holds nothing all the same."""
        self.on += days * DAY
        on = self.on
        if has_night:
            self.both(lambda: expired(on), lambda: self.model.expire(on))
        self.has_passed, self.repeat = True, None

    @precondition(lambda self: self.repeat is not None)
    @rule()
    def happens_again(self) -> None:
        """The invariants see that nothing changed."""
        assert self.repeat is not None
        self.repeat()
        self.is_drawn = False

    @invariant()
    def does_what_the_model_does(self) -> None:
        if not hasattr(self, "line"):
            return
        model = self.model
        with connection.cursor() as cursor:
            cursor.execute(LINE, {"line": self.line.pk, "on": self.on})
            sums, limit, authorisations, invoices, receipts = cursor.fetchone()
        assert [int(each * 100) for each in sums] == [model.open, model.authorised, model.unapplied]
        assert int(limit * 100) - model.open - model.authorised + model.over(self.on) == model.available(self.on)
        assert not self.is_drawn or model.available(self.on) >= 0
        assert _fen(authorisations) == [[each.amount, each.captured, each.state] for each in model.authorisations]
        assert _fen(invoices) == [
            [each.amount, each.paid, each.credited, each.written_off, each.outstanding, each.due_on.isoformat()]
            for each in model.invoices
        ]
        assert _fen(receipts) == [
            [each.amount, each.allocated, each.refunded, each.unapplied, each.state] for each in model.receipts
        ]

    def teardown(self) -> None:
        """The whole audit once, at the end: what an example leaves is rolled back, not deleted."""
        try:
            if hasattr(self, "line"):
                connection.check_constraints()
                assert differences() == []
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def nth(self, kind: Any, place: int) -> Any:
        return kind.objects.filter(line=self.line).order_by("pk")[place]


def _nth_that(is_one: list[bool], place: int) -> int:
    """The place of one of those, of any where none is; now and then of any all the same."""
    those = [number for number, found in enumerate(is_one) if found]
    return those[place % len(those)] if those and place % 8 else place % len(is_one)


def _fen(rows: Any) -> list[list[Any]]:
    """JSON's numbers as fen; texts as they are."""
    return [[each if isinstance(each, str) else round(each * 100) for each in row] for row in rows]


def test_line_does_what_a_plain_model_does() -> None:
    run_state_machine_as_test(CreditMachine, settings=settings(
        max_examples=int(os.environ.get("SOAK_EXAMPLES", "100")), stateful_step_count=STEPS, deadline=None,
        suppress_health_check=list(HealthCheck),
    ))


def told(*steps: Callable[[CreditMachine], None]) -> Line:
    """A story of its own, told by the machine; its model at the end."""
    machine = CreditMachine()
    try:
        machine.open(limit=100_000)
        for step in steps:
            step(machine)
            machine.does_what_the_model_does()
    finally:
        machine.teardown()
    return machine.model


def test_bounced_receipt_of_a_credited_invoice_reopens_what_it_paid_still() -> None:
    line = told(
        lambda line: line.enters(50_000), lambda line: line.receives(30_000, None),
        lambda line: line.credits(0, 40_000), lambda line: line.bounces(0),
    )
    assert (line.open, line.unapplied, line.available(date.max)) == (10_000, 0, 90_000)


def test_bounced_receipt_of_which_some_was_paid_back_is_claimed_and_paid_again() -> None:
    line = told(
        lambda line: line.enters(50_000), lambda line: line.receives(90_000, None),
        lambda line: line.refunds(0, 15_000), lambda line: line.bounces(0), lambda line: line.receives(20_000, 1),
        lambda line: line.bounces(1),
    )
    assert ([each.outstanding for each in line.invoices], line.unapplied) == ([50_000, 15_000], 0)
