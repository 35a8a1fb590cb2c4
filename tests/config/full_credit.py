"""Credit's part of the full desk: a line with something of everything, and receipts that are nobody's."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from credit.models import CreditLine, CreditPolicy, Holiday
from credit.services.balance_confirmations import ask_for_confirmation
from credit.services.decisions import decline_request
from credit.services.draws import authorise
from credit.services.exclusions import exclude_rule
from credit.services.invoices import credit_invoice, enter_invoice
from credit.services.line_changes import raise_for_a_time
from credit.services.lines import open_line
from credit.services.overdue import age_line
from credit.services.overdue_pauses import pause_overdue
from credit.services.receipts import Incoming, enter_receipt
from credit.services.requests import request_credit
from credit.services.write_offs import write_off
from memberships.models import Plan, Subscription
from memberships.services.subscriptions import join
from operations.models import User
from tests.memberships.factories import a_firm, renew

DAY = timedelta(days=1)
TERMS = {"kind": "net_days", "days": 10}
BLOCKING = [
    {"code": "overdue", "kind": "overdue_days", "threshold": "90", "name": {"zh": "逾期天数", "en": "Days overdue"}}
]


def furnish_credit(plan: Plan, actor: User, *, on: date) -> None:
    """A firm with a card and a line that it drew on since forty days; the policy gives the plan credit."""
    begin = on - 40 * DAY
    CreditPolicy.objects.create(
        programme=plan.programme, offers={plan.code: {"limit": "2000000", "terms": TERMS, "minimum_standing": {}}},
        blocking=BLOCKING, dunning=[{"state": "reminder", "days": 1}],
        lapse={"draws_in_grace": False, "reinstate_days": 30},
        allocation=["reference", "exact_amount", "oldest_due"], starts_on=begin,
    )
    Holiday.objects.get_or_create(on=date(2027, 1, 1), defaults={"name": "元旦"})
    firm = a_firm(on=begin, legal_name="上海远航商贸有限公司")
    card = join(firm, plan, on=begin, actor=actor)
    card.started_on = begin
    card.save()
    renew(card)
    line = _line(card, actor, on=begin)
    _draws(line, actor, on=on)
    _exceptions(line, actor, on=on)
    _requests(line, actor, on=on)


def _who(actor: User, on: date, reason: str = "客户申请") -> dict[str, Any]:
    return {"on": on, "at": timezone.now(), "actor": actor, "reason": reason}


def _line(card: Subscription, actor: User, *, on: date) -> CreditLine:
    return open_line(card, limit=Decimal(80_000), terms=TERMS, review_on=on + 365 * DAY, **_who(actor, on))


def _draws(line: CreditLine, actor: User, *, on: date) -> None:
    """Invoices paid, overdue, credited and written off; an authorisation; receipts of theirs and of nobody."""
    at = timezone.now()
    first, second = (
        enter_invoice(
            line, Decimal(amount), key=f"invoice-{amount}", number=f"INV-{amount}", on=day, invoiced_on=day, at=at,
            actor=actor,
        )
        for amount, day in (("1200", on - 30 * DAY), ("3400", on - 20 * DAY))
    )
    write_off(first, Decimal("0.50"), key="rest", **_who(actor, on, "尾差"))
    credit_invoice(second, Decimal(100), key="note", **_who(actor, on, "退货"))
    authorise(line, Decimal(500), key="order", order_number="PO-1", on=on, at=at, actor=actor)
    for number, reference in enumerate(("INV-1200", "货款")):
        enter_receipt(
            Incoming(f"BANK-{number}", "远航", Decimal(700), on, "6222021001", reference), on=on, at=at, actor=actor
        )
    enter_receipt(Incoming("BANK-9", "某某商行", Decimal(88), on, "6222029999"), on=on, at=at, actor=actor)
    age_line(line.pk, on=on, at=at)


def _exceptions(line: CreditLine, actor: User, *, on: date) -> None:
    days = {"starts_on": on, "ends_on": on + 10 * DAY}
    raise_for_a_time(line, amount=Decimal(5_000), key="more", **days, **_who(actor, on))
    exclude_rule(line, "overdue", **days, **_who(actor, on))
    pause_overdue(line, key="pause", **days, **_who(actor, on))
    ask_for_confirmation(line, as_of=on - DAY, on=on, actor=actor)


def _requests(line: CreditLine, actor: User, *, on: date) -> None:
    """One that was declined, and one that waits."""
    for limit, is_declined in ((500_000, True), (120_000, False)):
        asked = request_credit(line.member, limit=Decimal(limit), term_days=30, on=on, actor=actor)
        if is_declined:
            decline_request(asked, card=line.subscription, **_who(actor, on, "经营时间不足"))
