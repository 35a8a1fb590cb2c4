"""Orders on a credit line: held, invoiced in parts, let go of, over after their days; never more than the limit."""

from datetime import timedelta
from decimal import Decimal

import pytest

from credit.errors import (
    AuthorisationStateError,
    DrawError,
    DrawRefusedError,
    InvoiceExistsError,
    LineStateError,
    ReservedKeyError,
)
from credit.models import CreditEntry
from credit.services.lapses import follow_cards
from credit.services.line_changes import change_line, suspend_line
from memberships.services.ranges import EVERYTHING
from operations.errors import KeyConflictError
from operations.models import RunItem
from operations.services.jobs import start_run
from operations.tasks import work_through
from tests.credit.credit_stories import DAY, MONTHLY_61, TODAY, a_line, fresh, morning
from tests.credit.draw_stories import captured, credited, entered, expired, figures, held, stopped, voided, when
from tests.credit.receipt_stories import differences

pytestmark = pytest.mark.django_db


def test_order_is_held_and_then_owed_by_the_terms_of_the_line() -> None:
    line = a_line(1_000, MONTHLY_61, on=TODAY)
    order = held(line, "600.50", order_number="JD-1")
    assert figures(line) == [0, Decimal("600.50"), Decimal("399.50")]
    invoice = captured(order)
    assert figures(line) == [Decimal("600.50"), 0, Decimal("399.50")]
    assert (invoice.amount, invoice.order_number, invoice.terms["rule"]) == (Decimal("600.50"), "JD-1", MONTHLY_61)
    assert [step["step"] for step in invoice.terms["steps"]] == ["statement", "repayment"]
    assert invoice.due_on.isoformat() == invoice.terms["steps"][-1]["day"]
    assert invoice.due_on - TODAY <= timedelta(days=61)
    assert (fresh(order).state, fresh(order).captured) == ("captured", Decimal("600.50"))
    with pytest.raises(DrawRefusedError, match="limit"):
        held(line, "399.51")
    assert held(line, "399.50").amount == Decimal("399.50")
    assert figures(line)[2] == 0 and differences() == []


def test_order_is_invoiced_in_parts_and_the_rest_is_let_go_of() -> None:
    line = a_line(1_000)
    order = held(line, 900)
    captured(order, 300)
    assert figures(line) == [300, 600, 100] and fresh(order).state == "held"
    with pytest.raises(AuthorisationStateError, match="600"):
        captured(order, 601)
    captured(order, 100, is_final=True)
    assert figures(line) == [400, 0, 600]
    assert (fresh(order).state, fresh(order).captured, fresh(order).ended_on) == ("captured", 400, TODAY)
    with pytest.raises(AuthorisationStateError):
        captured(order, 1)
    with pytest.raises(AuthorisationStateError):
        voided(order)
    other = held(line, 500)
    captured(other, 200)
    assert voided(other).state == "voided" and voided(other).captured == 200
    assert figures(line) == [600, 0, 400] and differences() == []


def test_authorisation_holds_until_its_days_are_over_and_the_night_lets_go_of_it() -> None:
    line, other = a_line(1_000), a_line(1_000)
    order, part, longer = held(line, 400), held(other, 300), held(other, 200, expires_on=TODAY + 30 * DAY)
    captured(part, 100)
    last = TODAY + 6 * DAY
    assert order.expires_on == last + DAY and expired(last) == []
    # No night has run, and it holds nothing any more.
    with pytest.raises(AuthorisationStateError, match="2027-01-22"):
        captured(order, on=order.expires_on)
    late = order.expires_on
    assert (stopped(line, 1_000, on=late), [each[0] for each in stopped(line, 1_001, on=late)]) == ([], ["limit"])
    dry = start_run(
        "expire_authorisations", business_date=late, scope="dry", actor=None, at=morning(late), is_dry_run=True
    )
    work_through(dry.pk)
    items = RunItem.objects.filter(run=dry).order_by("key").values_list("key", "amount", "kind")
    assert list(items) == [(line.pk, 400, "expire"), (other.pk, 200, "expire")]
    voided(longer)
    assert expired(late) == [line.pk, other.pk] and expired(late) == []
    assert [fresh(each).state for each in (order, part, longer)] == ["expired", "expired", "voided"]
    assert (figures(line), figures(other)) == ([0, 0, 1_000], [100, 0, 900])
    with pytest.raises(AuthorisationStateError):
        voided(order)
    assert differences() == []


def test_a_key_draws_once() -> None:
    line = a_line(1_000)
    order = held(line, 400, key="k", order_number="JD-1")
    assert held(line, 400, key="k", order_number="JD-1", on=TODAY + DAY) == order
    for other in ({"amount": 401}, {"order_number": "JD-2"}, {"expires_on": TODAY + 2 * DAY}):
        with pytest.raises(KeyConflictError):
            held(line, **{"amount": 400, "key": "k", "order_number": "JD-1", **other})
    invoice = captured(order, 100, key="k", number="A-1")
    assert captured(order, 100, key="k", number="A-1") == invoice == captured(order, 100, key="k")
    with pytest.raises(KeyConflictError):
        captured(order, 99, key="k")
    with pytest.raises(KeyConflictError):
        entered(line, 100, key="k")
    with pytest.raises(InvoiceExistsError):
        captured(order, 100, number="A-1")
    # What the caller would believe of the rest, or of the day and the order, is not so: the key says what differs.
    with pytest.raises(KeyConflictError, match="is_final"):
        captured(order, 100, key="k", is_final=True)
    final = held(line, 50)
    last = captured(final, 20, key="f", is_final=True)
    assert captured(final, 20, key="f", is_final=True) == last
    with pytest.raises(KeyConflictError, match="is_final"):
        captured(final, 20, key="f")
    bought = entered(line, 10, key="b", order_number="JD-3")
    assert entered(line, 10, key="b", order_number="JD-3", on=TODAY + DAY) == bought
    with pytest.raises(KeyConflictError, match="amount, order_number, invoiced_on"):
        entered(line, 11, key="b", order_number="JD-4", on=TODAY + DAY, invoiced_on=TODAY + DAY)
    credited(bought, 10, key="n")
    for reserved in ("", " ", "late-fee:1:2027-01", "claim:7", "number:A-2", "x" * 65):
        with pytest.raises(ReservedKeyError):
            entered(line, 1, key=reserved)
    for amount in ("0", "-1", "0.001", "NaN", "1000000000000"):
        with pytest.raises(DrawError):
            held(line, amount)
    for days in (0, 181):
        with pytest.raises(DrawError):
            held(line, 1, expires_on=TODAY + days * DAY)
    assert figures(line) == [120, 300, 580]


def test_lowered_limit_stops_draws_and_keeps_what_was_held() -> None:
    line = a_line(1_000)
    order = held(line, 800)
    change_line(line, limit=Decimal(500), starts_on=TODAY, reason="降额", **when(TODAY))
    assert figures(line) == [0, 800, -300]
    with pytest.raises(DrawRefusedError) as refused:
        held(line, "0.01")
    (limit,) = refused.value.hindrances
    assert (limit.code, limit.figure, limit.threshold) == ("limit", Decimal("800.01"), 500)
    invoice = captured(order)
    assert figures(line) == [800, 0, -300] and invoice.outstanding == 800


def test_purchase_is_entered_by_hand_and_stopped_as_an_order_would_be() -> None:
    line = a_line(1_000, on=TODAY - 5 * DAY)
    invoice = entered(line, 300, number=" ＩＮ-77 ", order_number="JD-1", invoiced_on=TODAY - DAY)
    assert (invoice.number, invoice.due_on) == ("IN-77", TODAY + 29 * DAY)
    assert entered(line, 1).number.startswith(f"IN{TODAY:%Y%m}-")
    # What the night and the next invoice will be called nobody else's is.
    for ours in ("LF202702-1", "IN202701-99", "CN202701-1", "ＲＣ202701-1 "):
        with pytest.raises(DrawError, match="20270"):
            entered(line, 1, number=ours)
    assert entered(line, 1, number="LF-202702-1").number == "LF-202702-1"
    with pytest.raises(DrawRefusedError):
        entered(line, 700)
    with pytest.raises(InvoiceExistsError):
        entered(line, 1, number="IN-77")
    with pytest.raises(DrawError, match="2027-01-16"):
        entered(line, 1, invoiced_on=TODAY + DAY)
    with pytest.raises(LineStateError):
        entered(line, 1, invoiced_on=TODAY - 6 * DAY)
    entries = CreditEntry.objects.filter(invoice=invoice).values_list("kind", "amount", "on")
    assert list(entries) == [("invoice", 300, TODAY)] and differences() == []


def test_lapsed_line_draws_nothing_and_captures_what_it_held() -> None:
    line = a_line(1_000)
    paid_until = fresh(line.subscription).paid_until
    assert paid_until is not None
    over = paid_until + 11 * DAY
    order = held(line, 100, on=paid_until, expires_on=over + DAY)
    with pytest.raises(DrawRefusedError, match="expired_line"):
        held(line, 100, on=over)
    follow_cards(EVERYTHING, on=over, at=morning(over), actor=None)
    with pytest.raises(DrawRefusedError, match="expired_line"):
        entered(line, 100, on=over)
    # What was authorised was drawn then: it is captured after the lapse, on a line that is suspended besides.
    suspend_line(line, on=over, actor=None, reason="核查")
    assert captured(order, 60, on=over).amount == 60 and figures(line, on=over)[:2] == [60, 40]
    with pytest.raises(AuthorisationStateError):
        captured(order, on=over + DAY)


