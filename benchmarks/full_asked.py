"""What is asked of the desk at full size: first pages of each role, members' pages, searches, lists with their filters.

Each page is asked about other records each time, spread over the whole table; the same ones in each run.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib import admin
from django.db.models import Max, Model
from django.test import Client
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
#: The lists, each with next and previous page and its filters.
LISTS = (
    "memberships.Member", "memberships.EnterpriseCustomer", "memberships.Subscription", "memberships.Payment",
    "memberships.Enrolment", "memberships.Order", "memberships.PointsEntry", "memberships.TierStanding",
    "memberships.TierChange", "memberships.Term", "memberships.MemberContact", "memberships.PaymentMethod",
    "memberships.CreditRequest", "credit.CreditLine", "credit.Invoice", "credit.Receipt", "credit.CreditEntry",
    "benefits.Redemption", "benefits.Grant", "benefits.ValueStatement", "operations.JobRun", "operations.OutboxMessage",
)  # fmt: skip
#: Values of a filter that are looked at.
VALUES = 12


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


def pages(size: dict[str, Any], *, requests: int) -> Iterator[Page]:
    """All that is asked."""
    index = reverse("admin:index")
    for role in ROLES:
        yield Page(DASHBOARD, f"first page: {role}", [Ask(index)], role)
    persons = keys_of(Member, requests, kind="person")
    firms = [customer.pk for customer in some(EnterpriseCustomer, requests)]
    yield from _member_pages(persons, firms, requests)
    yield from _searches(persons, firms, requests)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(apps.get_model("operations.User").objects.get(username=ROLES[OPERATOR].username))
    for label in LISTS:
        yield from _list(apps.get_model(label), client, requests)
    yield from _list_searches(persons, firms)


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


def _list(model: type[Model], client: Client, requests: int) -> Iterator[Page]:
    """First, next and previous page, and each filter, first page and one in the middle."""
    name, url = str(model._meta.verbose_name_plural), address(model)
    keys = keys_of(model, min(requests, 100))
    yield Page(LIST, f"{name}: first page", [Ask(url)])
    if len(keys) < 3:
        return
    yield Page(LIST, f"{name}: next page", [Ask(f"{url}?after={key}") for key in keys])
    yield Page(LIST, f"{name}: previous page", [Ask(f"{url}?before={key}") for key in keys])
    for title, queries in _filters(client, url):
        asks = [Ask(f"{url}?{query}") for query in queries]
        beyond = [Ask(f"{url}?{query}&after={key}") for query, key in zip(cycle(queries), keys, strict=False)]
        yield Page(LIST, f"{name}: by {title}", [*asks, *islice(beyond, 3 * len(asks))])


def _filters(client: Client, url: str) -> Iterator[tuple[str, list[str]]]:
    """By filter of a list, what stands in the address for its values."""
    for spec in client.get(url).context["cl"].filter_specs:
        parameter = getattr(spec, "parameter_name", None) or getattr(spec, "lookup_kwarg", None)
        choices = getattr(spec, "lookup_choices", None) or getattr(getattr(spec, "field", None), "flatchoices", None)
        values = [choice[0] for choice in choices or ()]
        if parameter and values:
            yield str(spec.title), [f"{parameter}={value}" for value in values[:VALUES]]


def _list_searches(persons: Sequence[int], firms: Sequence[int]) -> Iterator[Page]:
    """The boxes of lists; what identifies a person is posted."""
    members, customers = address(Member), address(EnterpriseCustomer)
    contacts = list(MemberContact.objects.filter(member__in=persons))
    codes = list(EnterpriseCustomer.objects.filter(pk__in=firms).values_list("credit_code", "legal_name"))
    numbers = [Member(pk=key).number for key in persons]
    yield Page(LIST, "members: by number", [Ask(f"{members}?q={number}") for number in numbers])
    yield Page(LIST, "members: by mobile", [Ask(address(Member, "find"), {"q": each.mobile}) for each in contacts])
    yield Page(LIST, "members: by name of a firm", [Ask(f"{members}?q={name[:5]}") for _code, name in codes])
    yield Page(LIST, "firms: by credit code", [Ask(f"{customers}?q={code}") for code, _name in codes])
    yield Page(LIST, "firms: by beginning of the name", [Ask(f"{customers}?q={name[:5]}") for _code, name in codes])
    yield Page(LIST, "firms: by two characters", [Ask(f"{customers}?q={name[:2]}") for _code, name in codes])
    for model in (Subscription, Payment, Order, PointsEntry, Enrolment):
        name, url = str(model._meta.verbose_name_plural), address(model)
        if admin.site._registry[model].index_search:  # type: ignore[attr-defined]
            yield Page(LIST, f"{name}: by member number", [Ask(f"{url}?q={number}") for number in numbers])
    yield Page(LIST, "firms: by province and size", [
        Ask(f"{customers}?province={province}&size={size}")
        for province in ("广东省", "北京市", "云南省") for size in ("large", "micro")
    ])  # fmt: skip
