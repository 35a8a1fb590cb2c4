"""The lists at full size: first, next and previous page, near and deep; each search, each filter, and two of them.

Values that nearly every row has, that a few in a hundred have, and that nobody has are asked for alike.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, cycle, islice, product

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from benchmarks.full_asked import LIST, OPERATOR, ROLES, SEARCH, Ask, Page, address, keys_of
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
from memberships.models.names import NameInitials

#: The lists, each with next and previous page and its filters.
LISTS = (
    "memberships.Member", "memberships.EnterpriseCustomer", "memberships.Subscription", "memberships.Payment",
    "memberships.Enrolment", "memberships.Order", "memberships.PointsEntry", "memberships.TierStanding",
    "memberships.TierChange", "memberships.Term", "memberships.MemberContact", "memberships.PaymentMethod",
    "memberships.CreditRequest", "credit.CreditLine", "credit.Invoice", "credit.Receipt", "credit.CreditEntry",
    "benefits.Redemption", "benefits.Grant", "benefits.ValueStatement", "operations.JobRun", "operations.OutboxMessage",
)  # fmt: skip
#: Values of a filter that are looked at, by itself and with another.
VALUES, TOGETHER = 12, 3
#: What nearly every firm is called, and what none is.
IN_ALL, IN_NONE = ("有限", "公司", "限公", "有限公司"), ("石油", "银行", "鑫鑫", "龘龘")


def list_pages(*, requests: int) -> Iterator[Page]:
    """All lists."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(apps.get_model("operations.User").objects.get(username=ROLES[OPERATOR].username))
    for label in LISTS:
        yield from _list(apps.get_model(label), client, requests)
    yield from searches(requests=requests)


def searches(*, requests: int) -> Iterator[Page]:
    """What is typed into the boxes of lists, and names into that of the header."""
    persons, firms = keys_of(Member, requests, kind="person"), keys_of(EnterpriseCustomer, requests)
    yield from _searches(persons, firms)
    yield from _searches_by_name(persons, firms)


def _list(model: type[Model], client: Client, requests: int) -> Iterator[Page]:
    """First, next and previous page, and each filter, first page and one in the middle."""
    name, url = str(model._meta.verbose_name_plural), address(model)
    keys = keys_of(model, min(requests, 100))
    yield Page(LIST, f"{name}: first page", [Ask(url)])
    if len(keys) < 3:
        return
    yield Page(LIST, f"{name}: next page", [Ask(f"{url}?after={key}") for key in keys])
    yield Page(LIST, f"{name}: previous page", [Ask(f"{url}?before={key}") for key in keys])
    filters = list(filters_of(client, url))
    narrowed = [*filters]
    for (one, some), (other, more) in combinations(filters, 2):
        pairs = product(some[:TOGETHER], more[:TOGETHER])
        narrowed.append((f"{one}, {other}", [f"{first}&{second}" for first, second in pairs]))
    for title, queries in narrowed:
        asks = [Ask(f"{url}?{query}") for query in queries]
        beyond = [Ask(f"{url}?{query}&after={key}") for query, key in zip(cycle(queries), keys, strict=False)]
        yield Page(LIST, f"{name}: by {title}", [*asks, *islice(beyond, 3 * len(asks))])


def filters_of(client: Client, url: str) -> Iterator[tuple[str, list[str]]]:
    """By filter of a list, what stands in the address for its values."""
    for spec in client.get(url).context["cl"].filter_specs:
        parameter = getattr(spec, "parameter_name", None) or getattr(spec, "lookup_kwarg", None)
        choices = getattr(spec, "lookup_choices", None) or getattr(getattr(spec, "field", None), "flatchoices", None)
        values = [choice[0] for choice in choices or ()]
        if parameter and values:
            yield str(spec.title), [f"{parameter}={value}" for value in values[:VALUES]]


def _searches(persons: Sequence[int], firms: Sequence[int]) -> Iterator[Page]:
    """The boxes of lists by what is unique; what identifies a person is posted."""
    members, customers = address(Member), address(EnterpriseCustomer)
    contacts = list(MemberContact.objects.filter(member__in=persons))
    codes = list(EnterpriseCustomer.objects.filter(pk__in=firms).values_list("credit_code", flat=True))
    numbers = [Member(pk=key).number for key in persons]
    yield Page(LIST, "members: by number", [Ask(f"{members}?q={number}") for number in numbers])
    yield Page(LIST, "members: by mobile", [Ask(address(Member, "find"), {"q": each.mobile}) for each in contacts])
    yield Page(LIST, "firms: by credit code", [Ask(f"{customers}?q={code}") for code in codes])
    for model in (Subscription, Payment, Order, PointsEntry, Enrolment):
        name, url = str(model._meta.verbose_name_plural), address(model)
        if admin.site._registry[model].index_search:  # type: ignore[attr-defined]
            yield Page(LIST, f"{name}: by member number", [Ask(f"{url}?q={number}") for number in numbers])


def _searches_by_name(persons: Sequence[int], firms: Sequence[int]) -> Iterator[Page]:
    """By parts of names and by initials: in the boxes of lists, with a filter, and in the header's."""
    named = EnterpriseCustomer.objects.annotate(letters=NameInitials("legal_name"))
    rows = list(named.filter(pk__in=firms).values_list("legal_name", "city", "province", "letters"))
    found = [
        (name, city[:-1], province, name.removeprefix(city[:-1]), letters) for name, city, province, letters in rows
    ]
    terms = {
        "what all have": [*IN_ALL], "what none has": [*IN_NONE],
        "a city": [city for _name, city, *_rest in found],
        "a trade": [brand[3:5] for *_rest, brand, _letters in found],
        "two rare characters": [brand[:2] for *_rest, brand, _letters in found],
        "a word": [brand[:3] for *_rest, brand, _letters in found],
        "a city and a word": [f"{city} {brand[:2]}" for _name, city, _province, brand, _letters in found],
        "the whole name": [name for name, *_rest in found],
        "two initials": [letters[:2] for *_rest, letters in found],
        "initials": [letters[:6] for *_rest, letters in found],
    }  # fmt: skip
    for model in (EnterpriseCustomer, Member):
        title = "firms" if model is EnterpriseCustomer else "members"
        for name, asked in terms.items():
            yield Page(LIST, f"{title}: by {name}", [Ask(f"{address(model)}?q={term}") for term in asked])
    narrowed = [f"q={brand[:2]}&province={province}" for _name, _city, province, brand, _letters in found]
    yield Page(LIST, "firms: by characters, province", [Ask(f"{address(EnterpriseCustomer)}?{q}") for q in narrowed])
    lettered = MemberContact.objects.annotate(letters=NameInitials("name", is_person=True))
    contacts = list(lettered.filter(member__in=persons).values_list("name", "letters"))
    for name, asked in (
        ("a given name", [name[1:3] for name, _letters in contacts if len(name) > 2]),
        ("initials of a person", [letters for _name, letters in contacts]),
        ("two rare characters", terms["two rare characters"]), ("initials of a firm", terms["initials"]),
        ("what all firms have", terms["what all have"]),
    ):  # fmt: skip
        yield Page(SEARCH, f"search: {name}", [Ask(reverse("admin:find_anything"), {"q": term}) for term in asked])

