"""What is asked of the desk at full size: first pages of each role, members' pages, searches; lists: full_lists.py.

Each page is asked about other records each time, spread over the whole table; the same ones in each run.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import Max, Model
from django.urls import reverse

from credit.models import CreditLine, Invoice, Receipt
from memberships.demo import users
from memberships.models import (
    Enrolment,
    EnterpriseCustomer,
    Member,
    MemberContact,
    Order,
    Payment,
    PointsEntry,
    Subscription,
)

DASHBOARD, MEMBER, SEARCH, LIST = "dashboard", "member", "search", "list"
#: Milliseconds that the 95th of a hundred requests may take.
LIMITS = {DASHBOARD: 300, MEMBER: 300, SEARCH: 300, LIST: 150}
ROLES = {
    "operator": users.OPERATOR, "credit controller": users.CONTROLLER, "programme manager": users.MANAGER,
    "approver": users.APPROVER, "auditor": users.AUDITOR,
}  # fmt: skip
OPERATOR = "operator"


class Ask(NamedTuple):
    """A request: an address, and what is posted there."""

    path: str
    data: dict[str, str] | None = None


class Page(NamedTuple):
    """Requests that count together, by whom they are made."""

    group: str
    name: str
    asks: list[Ask]
    role: str = OPERATOR


def pages(*, requests: int) -> Iterator[Page]:
    """All that is asked."""
    index = reverse("admin:index")
    for role in ROLES:
        yield Page(DASHBOARD, f"first page: {role}", [Ask(index)], role)
    persons = keys_of(Member, requests, kind="person")
    firms = [customer.pk for customer in some(EnterpriseCustomer, requests)]
    yield from _member_pages(persons, firms, requests)
    yield from _searches(persons, firms, requests)


def some(model: type[Model], count: int, **narrowed: Any) -> list[Any]:
    """So many records, spread over the keys of the table; fewer where there are fewer."""
    last = model._default_manager.aggregate(last=Max("pk"))["last"] or 0
    found = {}
    for place in range(count):
        at_least = last * place // count + 1
        record = model._default_manager.filter(pk__gte=at_least, **narrowed).order_by("pk").first()
        if record is not None:
            found[record.pk] = record
    return list(found.values())


def keys_of(model: type[Model], count: int, **narrowed: Any) -> list[Any]:
    """Their keys."""
    return [record.pk for record in some(model, count, **narrowed)]


def address(model: type[Model], page: str = "changelist", key: Any = None) -> str:
    """The address of a page of the admin."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=[key] if key is not None else [])


def _member_pages(persons: Sequence[int], firms: Sequence[int], requests: int) -> Iterator[Page]:
    borrowers = [line.member_id for line in some(CreditLine, requests)]
    with_ledger = [entry.member_id for entry in some(PointsEntry, requests)]
    last = PointsEntry.objects.aggregate(last=Max("pk"))["last"]
    # The twenty with a long history were written last.
    long = list(
        PointsEntry.objects.filter(pk__gt=last - 2_000).order_by().values_list("member", flat=True).distinct()[:20]
    )
    kinds = (
        ("person", persons), ("person with a ledger", with_ledger), ("firm", firms),
        ("firm with a credit line", borrowers), ("person with a long history", long),
    )  # fmt: skip
    for name, keys in kinds:
        yield Page(MEMBER, f"member page: {name}", [Ask(address(Member, "change", key)) for key in keys])
    for name, keys in (kinds[1], kinds[4]):
        yield Page(MEMBER, f"timeline: {name}", [Ask(address(Member, "timeline", key)) for key in keys])
    wallets = Enrolment.objects.filter(member__in=long).values_list("pk", flat=True)
    yield Page(MEMBER, "wallet: person with a long history", [
        Ask(address(Enrolment, "change", wallet)) for wallet in wallets
    ])  # fmt: skip
    for model in (EnterpriseCustomer, Subscription, Payment, Order, CreditLine, Invoice, Receipt):
        keys = keys_of(model, requests)
        yield Page(MEMBER, f"page: {model._meta.verbose_name}", [Ask(address(model, "change", key)) for key in keys])


def _searches(persons: Sequence[int], firms: Sequence[int], requests: int) -> Iterator[Page]:
    """The box of the header."""
    contacts = list(MemberContact.objects.filter(member__in=persons))
    customers = list(EnterpriseCustomer.objects.filter(pk__in=firms))
    terms: dict[str, list[str]] = {
        "member number": [Member(pk=key).number for key in persons],
        "mobile": [contact.mobile for contact in contacts],
        "whole name of a person": [contact.name for contact in contacts],
        "two characters of a person's name": [contact.name[:2] for contact in contacts],
        "credit code": [customer.credit_code for customer in customers],
        "beginning of a firm's name": [customer.legal_name[:5] for customer in customers],
        "two characters of a firm's name": [customer.legal_name[:2] for customer in customers],
        "external id": [customer.external_id for customer in customers if customer.external_id],
        "order number": [order.number for order in some(Order, requests)],
        "key of a payment": [payment.attempt_key for payment in some(Payment, requests)],
        "invoice number": [invoice.number for invoice in some(Invoice, requests)],
        "bank reference": [receipt.key for receipt in some(Receipt, requests)],
        "nothing there": [f"没有此人{place}" for place in range(requests)],
    }
    for name, asked in terms.items():
        yield Page(SEARCH, f"search: {name}", [Ask(reverse("admin:find_anything"), {"q": term}) for term in asked])
