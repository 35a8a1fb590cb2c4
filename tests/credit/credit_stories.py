"""What the stories of credit share: a programme that gives credit, a firm with card and line, what it owes and pays."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from django.db.models import Model

from credit.models import CreditEntry, CreditLine, CreditPolicy, Invoice, Receipt
from credit.services.lines import open_line
from credit.services.requests import request_credit
from memberships.models import CreditRequest, Member, Plan, Programme, Subscription
from memberships.services.subscriptions import join
from operations.models import User
from operations.roles import APPROVER, CREDIT_CONTROLLER
from tests.memberships.factories import ON_SALE_FROM, TODAY, a_firm, an_annual_card, jd_plus_enterprise
from tests.memberships.points_stories import morning
from tests.programmes.stories import somebody

__all__ = ["TODAY", "a_firm", "morning"]

DAY = timedelta(days=1)
NET_30 = {"kind": "net_days", "days": 30}
#: Purchases of a month are stated on the 1st of the next and repaid by its last day: 61 days at most.
MONTHLY_61 = {"kind": "statement", "statement_day": 1, "repayment_day": 31, "longest_days": 61}
TWO_MILLION = Decimal("2000000.00")

_numbers = count(1)
Fact = TypeVar("Fact", bound=Model)


def a_key(kind: str = "key") -> str:
    """One that nobody had before."""
    return f"{kind}:{next(_numbers)}"


def enterprise() -> Programme:
    """JD PLUS Enterprise, made when it is asked for first."""
    return Programme.objects.filter(code="jd-plus-enterprise").first() or jd_plus_enterprise()


def the_plan(code: str = "classic", **facts: Any) -> Plan:
    """The yearly card of that code: ten days of grace, credit up to 2,000,000 CNY and 61 days."""
    found = Plan.objects.filter(programme=enterprise(), code=code).order_by("-version").first()
    defaults = {
        "code": code, "name": code, "name_en": code, "grace_days": 10, "credit_limit_cap": TWO_MILLION,
        "credit_term_days_cap": 61,
    }
    return found or an_annual_card(enterprise(), **{**defaults, **facts})


def a_controller(username: str = "xiaoxin") -> User:
    """Xiaoxin grants credit up to 100,000 CNY alone."""
    return somebody(username, CREDIT_CONTROLLER)


def an_approver(username: str = "laowang") -> User:
    """Laowang decides what takes two."""
    return somebody(username, APPROVER)


def an_offer(limit: str = "2000000.00", terms: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    """What a card may have; `minimum_standing` besides."""
    return {"limit": limit, "terms": terms or MONTHLY_61, **facts}


def a_policy(**facts: Any) -> CreditPolicy:
    """Both cards have credit up to 2,000,000 CNY and 61 days; nothing blocks, lapses are those that ship."""
    defaults = {
        "offers": {"classic": an_offer(), "premium": an_offer()},
        "lapse": {"draws_in_grace": False, "reinstate_days": 30},
        "allocation": ["reference", "exact_amount", "oldest_due"], "starts_on": ON_SALE_FROM,
    }
    return CreditPolicy.objects.create(programme=enterprise(), **{**defaults, **facts})


def the_policy() -> CreditPolicy:
    """The one there is, or a new one."""
    return CreditPolicy.objects.filter(programme=enterprise()).first() or a_policy()


def a_card_with_credit(code: str = "classic", *, on: date = TODAY, member: Member | None = None) -> Subscription:
    """A firm with a card that may have credit, bought on that day."""
    the_policy()
    return join(member or a_firm(on=on), the_plan(code), on=on, actor=None)


def a_line(
    limit: str | int = 100_000, terms: dict[str, Any] | None = None, *, on: date = TODAY,
    card: Subscription | None = None, actor: User | None = None, **facts: Any,
) -> CreditLine:
    """A firm's line, net 30 days unless said otherwise."""
    return open_line(
        card or a_card_with_credit(on=on), limit=Decimal(limit), terms=terms or NET_30, on=on, at=morning(on),
        actor=actor, reason="按申请授信", **facts,
    )


def an_invoice(
    line: CreditLine, amount: str | int = 1_000, *, on: date = TODAY, due_on: date | None = None, **facts: Any
) -> Invoice:
    """A purchase on the line, as the ledger has it; due in 30 days unless said otherwise."""
    number = a_key("INV")
    due = due_on or on + 30 * DAY
    terms = {"rule": NET_30, "steps": [{"step": "net_days", "day": due.isoformat()}]}
    invoice = Invoice.objects.create(**{
        "line": line, "member_id": line.member_id, "key": number, "number": number, "amount": Decimal(amount),
        "invoiced_on": on, "due_on": due, "terms": terms, "at": morning(on), **facts,
    })
    an_entry(line, "invoice", invoice.amount, on=on, invoice=invoice)
    return fresh(invoice)


def a_receipt(line: CreditLine, amount: str | int = 1_000, *, on: date = TODAY, **facts: Any) -> Receipt:
    """Money of the firm, matched to its line and not allocated yet."""
    receipt = Receipt.objects.create(**{
        "key": a_key("bank"), "line": line, "member_id": line.member_id, "payer_name": "北京恒远商贸有限公司",
        "amount": Decimal(amount), "state": Receipt.State.MATCHED, "rule": Receipt.Rule.HAND, "received_on": on,
        "on": on, "at": morning(on), **facts,
    })
    an_entry(line, "receipt", receipt.amount, on=on, receipt=receipt)
    return fresh(receipt)


def paid(invoice: Invoice, *, on: date = TODAY, amount: str | int | None = None) -> Invoice:
    """The firm paid the invoice, whole unless said otherwise."""
    amount = invoice.outstanding if amount is None else Decimal(amount)
    receipt = a_receipt(invoice.line, str(amount), on=on)
    an_entry(invoice.line, "allocate", amount, on=on, receipt=receipt, invoice=invoice)
    return fresh(invoice)


def an_entry(line: CreditLine, kind: str, amount: Decimal, *, on: date = TODAY, **facts: Any) -> CreditEntry:
    """A movement of the ledger."""
    debit, credit = CreditEntry.ACCOUNTS[CreditEntry.Kind(kind)]
    return CreditEntry.objects.create(
        line=line, member_id=line.member_id, key=a_key(kind), kind=kind, debit=debit, credit=credit, amount=amount,
        on=on, at=morning(on), **facts,
    )


def fresh(fact: Fact) -> Fact:
    """As the database has it now."""
    found: Fact = type(fact)._default_manager.get(pk=fact.pk)
    return found


def asked_for(
    limit: str | int | None = 100_000, *, member: Member, term_days: int | None = 30, on: date = TODAY
) -> CreditRequest:
    """What the firm asks for."""
    return request_credit(
        member, limit=None if limit is None else Decimal(limit), term_days=term_days, on=on, actor=None
    )
