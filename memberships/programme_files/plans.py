"""The section `plans`: what can be bought. A plan that changes is a new version from the day the file takes effect.

Cards keep their version until they are renewed, by the version on sale then; or move on a day that the file names.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import Plan, Programme, Subscription, Term
from memberships.models.programmes import LONGEST_LEAD_DAYS, usual_retry_days
from memberships.programme_files.facts import as_date, as_text, difference, facts_of, same_number
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import CODE, DATE, NAMES, SMALL, exact, list_of, record, whole
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.tier_groups import repeated_codes
from memberships.programme_files.versions import Ending, Entry, Step, Versions
from operations.models import User

KEEP = "keep_until_renewal"
FIELDS = (
    "name", "name_en", "price", "term_months", "grace_days", "lead_days", "retry_days", "credit_limit_cap",
    "credit_term_days_cap",
)


def _is_sold(plan: Plan) -> bool:
    return Subscription.objects.filter(plan=plan).exists() or Term.objects.filter(plan=plan).exists()


VERSIONS: Versions[Plan] = Versions("on_sale_from", "on_sale_until", _is_sold)


class Plans(ProgrammeSection):
    name = "plans"
    label = gettext_lazy("plans")
    schema = list_of(
        record(
            {
                "code": CODE,
                "name": NAMES,
                "price": exact(2, 0, 9_999_999_999, description="In CNY, for a term"),
                "term_months": whole(1, SMALL),
                "grace_days": whole(0, SMALL, default=0, description="Unpaid days for which a card goes on"),
                "lead_days": whole(
                    0, LONGEST_LEAD_DAYS, default=1, description="Days ahead of its end when a card is renewed"
                ),
                "retry_days": list_of(
                    whole(1, SMALL), default=usual_retry_days(),
                    description="Days after the first charge when one that was declined is tried again",
                ),
                "credit": record(
                    {"limit": exact(2, 0, 999_999_999_999), "term_days": whole(0, SMALL)},
                    description="The highest credit limit (CNY) and the longest term (days) of the card",
                ),
                "on_sale_from": {**DATE, "description": "Not sold before that day; left out: from the effective day"},
                "on_sale_until": {**DATE, "description": "The last day of its sale"},
                "existing_subscriptions": {
                    "oneOf": [{"const": KEEP}, record({"move_on": DATE}, required=["move_on"])], "default": KEEP,
                    "description": "Cards of earlier versions are renewed by the version on sale on the first day of"
                    " their next term; or they move to it on a day, with its days of grace",
                },
            },
            required=["code", "name", "price", "term_months"],
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        yield from repeated_codes(self.name, section)
        for number, plan in enumerate(section):
            path = (self.name, number)
            first, last = plan.get("on_sale_from"), plan.get("on_sale_until")
            if first and last and last < first:
                words = _("%(last)s is before %(first)s")
                yield Fault((*path, "on_sale_until"), words % {"last": last, "first": first})
            days = plan["retry_days"]
            if any(later <= earlier for earlier, later in pairwise(days)):
                yield Fault((*path, "retry_days"), _("each day has to be later than the one before"))

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present = _present(programme)
        for number, plan in enumerate(section):
            versions, entry = present.get(plan["code"]), _entry(plan)
            if versions and begins_too_late(VERSIONS, versions[-1], entry, on=on):
                words = _("“%(name)s” is on sale since %(day)s: its sale cannot begin later")
                facts = {"name": versions[-1], "day": _day(versions[-1].on_sale_from)}
                yield Fault((self.name, number, "on_sale_from"), words % facts)

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present = _present(programme)
        for plan in section:
            versions = present.pop(plan["code"], [])
            step = VERSIONS.step(versions, _entry(plan), on=on)
            if step is not None:
                yield _change(versions, step)
        for versions in present.values():
            yield from (_end_of_sale(ending) for ending in VERSIONS.endings(versions, on=on))

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present = _present(programme)
        for plan in section:
            versions = present.pop(plan["code"], [])
            step = VERSIONS.step(versions, _entry(plan), on=on)
            if step is not None:
                new = Plan(programme=programme, code=plan["code"], version=_next_version(versions))
                VERSIONS.write(step, new)
        for versions in present.values():
            for ending in VERSIONS.endings(versions, on=on):
                VERSIONS.write_ending(ending)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        latest = (versions[-1] for versions in _present(programme).values())
        return [_exported(plan) for plan in latest if not VERSIONS.is_over(plan, on=on)]


def begins_too_late(versions: Versions[Any], latest: Any, entry: Entry, *, on: date) -> bool:
    """Whether the entry's first day is to come though the same holds already."""
    is_on = versions.has_begun(latest, on=on) and not versions.is_over(latest, on=on)
    is_same = all(getattr(latest, field) == value for field, value in entry.facts.items())
    return is_on and is_same and entry.start is not None and entry.start > on


def _next_version(versions: list[Plan]) -> int:
    return versions[-1].version + 1 if versions else 1


def _present(programme: Programme | None) -> dict[str, list[Plan]]:
    """The versions of each plan, oldest first."""
    found: dict[str, list[Plan]] = {}
    if programme is not None:
        for plan in programme.plans.order_by("version"):
            found.setdefault(plan.code, []).append(plan)
    return dict(sorted(found.items(), key=lambda item: item[1][0].pk))


def _entry(plan: dict[str, Any]) -> Entry:
    credit = plan.get("credit") or {}
    moving = plan["existing_subscriptions"]
    facts = {
        "name": plan["name"]["zh"], "name_en": plan["name"]["en"], "price": plan["price"],
        "term_months": plan["term_months"], "grace_days": plan["grace_days"], "lead_days": plan["lead_days"],
        "retry_days": plan["retry_days"], "credit_limit_cap": credit.get("limit"),
        "credit_term_days_cap": credit.get("term_days"),
    }
    return Entry(
        plan["code"], as_date(plan.get("on_sale_from")), as_date(plan.get("on_sale_until")), facts,
        {"moves_on": None if moving == KEEP else as_date(moving["move_on"])},
    )


def _change(versions: list[Plan], step: Step[Plan]) -> Change:
    if not versions:
        new = Plan(**step.values)
        words = _("New plan “%(name)s”: %(price)s CNY for %(months)s months, on sale from %(day)s")
        facts = {"price": _price(new.price), "months": new.term_months, "day": _day(new.on_sale_from)}
        return Change(words % {"name": new, **facts})
    latest = versions[-1]
    if step.record is not None:
        words = difference(Plan, facts_of(latest, step.values), step.values)
        return Change(_("Plan “%(name)s”: %(difference)s") % {"name": latest, "difference": words})
    facts = {name: step.values[name] for name in FIELDS}
    cards = Subscription.objects.live().filter(plan__in=versions).count()
    words = _("Plan “%(name)s”: version %(version)s on sale from %(day)s (%(difference)s); %(cards)s live cards")
    shown = words % {
        "name": latest, "version": latest.version + 1, "day": _day(step.values["on_sale_from"]),
        "difference": difference(Plan, facts_of(latest, FIELDS), facts) or _("as before"),
        "cards": number_format(cards),
    }
    return Change(f"{shown} {_what_becomes_of_cards(step.values['moves_on'])}", {"cards": cards})


def _what_becomes_of_cards(moves_on: date | None) -> str:
    if moves_on is None:
        return _("keep theirs until they are renewed.")
    return _("move to it on %(day)s, for their next term.") % {"day": _day(moves_on)}


def _end_of_sale(ending: Ending[Plan]) -> Change:
    if ending.end is None:
        return Change(_("Plan “%(name)s” does not go on sale") % {"name": ending.record})
    return Change(
        _("Plan “%(name)s” goes off sale; its last day is %(day)s")
        % {"name": ending.record, "day": _day(ending.end)}
    )


def _day(day: date) -> str:
    return str(date_format(day, "SHORT_DATE_FORMAT"))


def _price(price: Decimal) -> str:
    return str(number_format(price, decimal_pos=2))


def _exported(plan: Plan) -> dict[str, Any]:
    credit = {"limit": same_number(plan.credit_limit_cap), "term_days": plan.credit_term_days_cap}
    exported = {
        "code": plan.code, "name": {"zh": plan.name, "en": plan.name_en}, "price": same_number(plan.price),
        **facts_of(plan, ("term_months", "grace_days", "lead_days", "retry_days")),
        "credit": {key: value for key, value in credit.items() if value is not None} or None,
        "on_sale_from": as_text(plan.on_sale_from), "on_sale_until": as_text(plan.on_sale_until),
        "existing_subscriptions": KEEP if plan.moves_on is None else {"move_on": as_text(plan.moves_on)},
    }
    return {key: value for key, value in exported.items() if value is not None}
