"""The section `commitments`: what brands set aside for the programme. Campaigns' budgets are reserved from it.

A brand that is not known yet is made of the entry's name; one that is known keeps its own (brands are imported). A
commitment that a file leaves out stays as it is: what campaigns were promised of it does not go.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.models import Brand, Budget
from benefits.services.budgets import commit_budgets, set_amount
from memberships.models import Programme
from memberships.programme_files.facts import difference, same_number, value_in_words
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import NAMES, exact, list_of, record
from memberships.programme_files.sections import Change, ProgrammeSection
from operations.audit import said
from operations.dates import BUSINESS_ZONE
from operations.models import User

BRAND = {"type": "string", "pattern": r"^[-a-zA-Z0-9_]{1,48}$(?!\n)", "description": "A brand's code"}


class Commitments(ProgrammeSection):
    name = "commitments"
    label = gettext_lazy("commitments of brands")
    schema = list_of(
        record(
            {
                "brand": BRAND,
                "name": {**NAMES, "description": "Of a brand that is not known yet"},
                "amount": exact(2, 0, 9_999_999_999, description="In CNY, for all its campaigns together"),
            },
            required=["brand", "amount"],
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        first: dict[str, int] = {}
        for number, entry in enumerate(section):
            if first.setdefault(entry["brand"], number) != number:
                facts = {"code": entry["brand"], "other": f"{self.name}[{first[entry['brand']]}]"}
                yield Fault((self.name, number, "brand"), _("“%(code)s” is the code of %(other)s, too") % facts)
            if not entry["amount"]:
                yield Fault((self.name, number, "amount"), _("needs to be more than nothing"))

    def clashes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        known = set(Brand.objects.values_list("code", flat=True))
        for number, entry in enumerate(section):
            if "name" not in entry and entry["brand"] not in known:
                words = _("there is no brand “%(code)s”: give its name, or import it first")
                yield Fault((self.name, number, "brand"), words % {"code": entry["brand"]})

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present = _present(programme)
        for number, entry in enumerate(section):
            budget = present.get(entry["brand"])
            if budget is not None and entry["amount"] < budget.reserved:
                reserved = value_in_words(Budget, "reserved", budget.reserved)
                words = _("%(reserved)s CNY of it are reserved for campaigns")
                yield Fault((self.name, number, "amount"), words % {"reserved": reserved})

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present = _present(programme)
        for entry in section:
            budget = present.get(entry["brand"])
            if budget is None:
                words = _("New commitment of “%(brand)s”: %(amount)s CNY")
                amount = value_in_words(Budget, "amount", entry["amount"])
                yield Change(words % {"brand": entry["brand"], "amount": amount})
            elif words := difference(Budget, {"amount": budget.amount}, {"amount": entry["amount"]}):
                yield Change(_("Commitment of “%(brand)s”: %(difference)s") % {"brand": budget, "difference": words})

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present = _present(programme)
        at, reason = beginning(on), str(said("reason") or "")
        for entry in section:
            if entry["brand"] in present:
                budget = present[entry["brand"]]
                set_amount(budget, Decimal(entry["amount"]), on=on, at=at, actor=actor, reason=reason)
        new = {each["brand"]: each for each in section if each["brand"] not in present}
        brands = _brands(new)
        amounts = {brands[code]: Decimal(each["amount"]) for code, each in new.items()}
        commit_budgets(programme, amounts, starts_on=on, on=on, at=at, actor=actor, reason=reason)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        return [
            {
                "brand": code, "name": {"zh": budget.brand.name, "en": budget.brand.name_en},
                "amount": same_number(budget.amount),
            }
            for code, budget in _present(programme).items() if budget.brand is not None
        ]


def beginning(day: date) -> datetime:
    """The instant at which what a file says for a day takes effect."""
    return datetime.combine(day, time(0), BUSINESS_ZONE)


def _present(programme: Programme | None) -> dict[str, Budget]:
    """The programme's commitments by their brands' codes."""
    if programme is None:
        return {}
    budgets = Budget.objects.filter(programme=programme, brand__isnull=False).select_related("brand").order_by("pk")
    return {budget.brand.code: budget for budget in budgets if budget.brand is not None}


def _brands(entries: dict[str, dict[str, Any]]) -> dict[str, Brand]:
    """The brands by their codes; those that are not known yet are made."""
    known = {brand.code: brand for brand in Brand.objects.filter(code__in=entries)}
    made = Brand.objects.bulk_create(
        Brand(code=code, name=entry["name"]["zh"], name_en=entry["name"]["en"])
        for code, entry in entries.items() if code not in known
    )
    return {**known, **{brand.code: brand for brand in made}}
