"""What the stories of profit and loss share: fees that were paid and given back, and what the kept rows say."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from memberships.models import Payment, PaymentEvent, Plan, ProfitRow, Programme, Refund
from memberships.services.subscriptions import join
from tests.memberships.factories import a_method, a_person
from tests.memberships.night_stories import at_night, run_job

DAY = timedelta(days=1)
#: When, how much, and whether the card ends.
Back = tuple[date, str, bool]


def a_fee(
    plan: Plan, *, starts_on: date, paid_on: date | None = None, back: Sequence[Back] = (), told_on: date | None = None
) -> Payment:
    """A card whose first term was paid for through the gateway, and what was given back of it.

    `told_on`: the day on which all of it was recorded; else that on which it happened.
    """
    card = join(a_person(on=starts_on), plan, on=starts_on, actor=None)
    term = card.terms.get()
    facts: dict[str, Any] = {"member": card.member, "subscription": card, "programme": card.programme, "plan": plan}
    payment = Payment.objects.create(
        **facts, method=a_method(card.member, on=starts_on), key=f"start:{card.pk}", purpose="start", amount=plan.price,
        term_number=1, starts_on=term.starts_on, ends_on=term.ends_on, term=term, state="succeeded",
        requested_on=starts_on, requested_at=at_night(starts_on),
        refunded=sum(Decimal(amount) for _on, amount, _ends_card in back),
    )
    _tell(payment, "succeeded", on=paid_on or starts_on, amount=plan.price, told_on=told_on)
    for number, (on, amount, ends_card) in enumerate(back, start=1):
        Refund.objects.create(
            member=card.member, payment=payment, number=number, amount=Decimal(amount), ends_card=ends_card,
            state="succeeded", reason="不用了", requested_on=on, requested_at=at_night(on),
        )
        _tell(payment, "refunded", on=on, amount=Decimal(amount), attempt=number, told_on=told_on)
        if ends_card:
            term.ends_on = on
            term.save()
    return payment


def _tell(
    payment: Payment, kind: str, *, on: date, amount: Decimal, attempt: int = 1, told_on: date | None = None
) -> None:
    PaymentEvent.objects.create(
        member=payment.member, payment=payment, kind=kind, attempt=attempt, amount=amount, on=on,
        at=at_night(told_on or on),
    )


def reckon(*, until: date) -> None:
    """The night after a day."""
    run_job("roll_up_profit", on=until + DAY)


def line(code: str, programme: Programme, *, funder: str = "platform") -> dict[str, str]:
    """What was kept of a line, by month."""
    rows = ProfitRow.objects.filter(programme=programme, line=code, funder=funder).order_by("month")
    return {f"{row.month:%Y-%m}": f"{row.amount:f}" for row in rows}
