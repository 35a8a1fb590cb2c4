"""Earn rules and promotions in the section `points`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import EarnPromotion, EarnRule, Programme
from memberships.programme_files.facts import as_date, as_text, difference, facts_of, same_number
from memberships.programme_files.faults import Fault
from memberships.programme_files.plans import begins_too_late
from memberships.programme_files.schema import CODE, DATE, POINTS, exact, one_of, record, whole
from memberships.programme_files.sections import Change, Schema
from memberships.programme_files.versions import Entry, Versions

Rule = EarnRule | EarnPromotion
_INFORCE: dict[str, Schema] = {
    "code": CODE,
    "category": {
        "type": "string", "maxLength": 64, "default": "",
        "description": "Of orders; left out: those whose category has no rule of its own",
    },
}
_DAYS: dict[str, Schema] = {
    "starts_on": {**DATE, "description": "Not before that day; left out: from the effective day"},
    "ends_on": {**DATE, "description": "The last day"},
}


#: Orders keep what they were given: a rule that holds since today may be rewritten today.
VERSIONS: Versions[Any] = Versions("starts_on", "ends_on", lambda rule: False)


@dataclass(frozen=True)
class Kind:
    """One of the two lists of the section."""

    key: str
    label: str | Promise
    model: type[Rule]
    schema: Schema
    #: What a row says, as the schema has it.
    fields: tuple[str, ...]

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present = self._present(programme)
        for number, rule in enumerate(section):
            rows = present.get(rule["code"])
            if rows and begins_too_late(VERSIONS, rows[-1], self._entry(rule), on=on):
                yield Fault(
                    ("points", self.key, number, "starts_on"),
                    _("it holds since %(day)s: it cannot begin later") % {"day": _day(rows[-1].starts_on)},
                )

    def changes(
        self, programme: Programme | None, section: list[dict[str, Any]], *, on: date
    ) -> Iterable[Change]:
        present = self._present(programme)
        for rule in section:
            rows = present.pop(rule["code"], [])
            step = VERSIONS.step(rows, self._entry(rule), on=on)
            if step is not None:
                yield Change(self._in_words(rule["code"], rows, step.record, step.values))
        for code, rows in present.items():
            for ending in VERSIONS.endings(rows, on=on):
                words = _("%(kind)s “%(code)s” ends on %(day)s") if ending.end else _("%(kind)s “%(code)s” goes")
                yield Change(words % {"kind": self.label, "code": code, "day": ending.end and _day(ending.end)})

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> None:
        present = self._present(programme)
        for rule in section:
            rows = present.pop(rule["code"], [])
            step = VERSIONS.step(rows, self._entry(rule), on=on)
            if step is not None:
                VERSIONS.write(step, self.model(programme=programme, code=rule["code"]))
        for rows in present.values():
            for ending in VERSIONS.endings(rows, on=on):
                VERSIONS.write_ending(ending)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        latest = (rows[-1] for rows in self._present(programme).values())
        return [self._exported(rule) for rule in latest if not VERSIONS.is_over(rule, on=on)]

    def _present(self, programme: Programme | None) -> dict[str, list[Rule]]:
        """The rows of each code, oldest first."""
        found: dict[str, list[Rule]] = {}
        if programme is not None:
            for rule in self.model.objects.filter(programme=programme).order_by("starts_on"):
                found.setdefault(rule.code, []).append(rule)
        return dict(sorted(found.items(), key=lambda item: item[1][0].pk))

    def _entry(self, rule: dict[str, Any]) -> Entry:
        facts = {field: rule.get(field) for field in self.fields}
        return Entry(rule["code"], as_date(rule.get("starts_on")), as_date(rule.get("ends_on")), facts)

    def _in_words(self, code: str, rows: list[Rule], record: Rule | None, values: dict[str, Any]) -> str:
        facts = {"kind": self.label, "code": code}
        if not rows:
            return _("New: %(kind)s “%(code)s” from %(day)s") % {**facts, "day": _day(values["starts_on"])}
        if record is not None:
            words = difference(self.model, facts_of(record, values), values)
            return _("%(kind)s “%(code)s”: %(difference)s") % {**facts, "difference": words}
        words = difference(self.model, facts_of(rows[-1], self.fields), {name: values[name] for name in self.fields})
        return _("%(kind)s “%(code)s”: from %(day)s %(difference)s") % {
            **facts, "day": _day(values["starts_on"]), "difference": words or _("as before")
        }

    def _exported(self, rule: Rule) -> dict[str, Any]:
        facts = facts_of(rule, self.fields)
        exact_ones = {name for name, each in self.schema["properties"].items() if each.get("type") == "number"}
        exported = {
            "code": rule.code, **{name: same_number(v) if name in exact_ones else v for name, v in facts.items()},
            "starts_on": as_text(rule.starts_on), "ends_on": as_text(rule.ends_on),
        }
        return {name: value for name, value in exported.items() if value is not None}


RULES = Kind(
    "earn_rules", gettext_lazy("earn rule"), EarnRule,
    record(
        {
            **_INFORCE,
            "points_per_yuan": exact(4, 0, 99_999),
            "qualifying_per_yuan": exact(4, 0, 99_999, description="Points that decide the tier"),
            "minimum_spend": exact(2, 0, 9_999_999_999, default=0, description="Smaller orders bring nothing (CNY)"),
            "cap_per_order": whole(0, POINTS),
            "cap_per_day": whole(0, POINTS),
            "rounding": one_of(EarnRule.Rounding.values, default="down"),
            **_DAYS,
        },
        required=["code", "points_per_yuan", "qualifying_per_yuan"],
    ),
    (
        "category", "points_per_yuan", "qualifying_per_yuan", "minimum_spend", "cap_per_order", "cap_per_day",
        "rounding",
    ),
)
PROMOTIONS = Kind(
    "promotions", gettext_lazy("points promotion"), EarnPromotion,
    record(
        {**_INFORCE, "multiplier": exact(3, 1, 999), **_DAYS}, required=["code", "multiplier"],
    ),
    ("category", "multiplier"),
)


def check_rules(section: dict[str, Any]) -> Iterable[Fault]:
    """What is wrong with both lists by themselves."""
    for kind in (RULES, PROMOTIONS):
        rules = section[kind.key]
        first: dict[str, int] = {}
        for number, rule in enumerate(rules):
            path = ("points", kind.key, number)
            if first.setdefault(rule["code"], number) != number:
                other = f"points.{kind.key}[{first[rule['code']]}]"
                words = _("“%(code)s” is the code of %(other)s, too")
                yield Fault((*path, "code"), words % {"code": rule["code"], "other": other})
            if {"starts_on", "ends_on"} <= rule.keys() and rule["ends_on"] < rule["starts_on"]:
                words = _("%(last)s is before %(first)s")
                yield Fault((*path, "ends_on"), words % {"last": rule["ends_on"], "first": rule["starts_on"]})
    yield from _two_for_a_day(section["earn_rules"])


def _two_for_a_day(rules: list[dict[str, Any]]) -> Iterable[Fault]:
    """Of a category one rule holds on a day."""
    for number, rule in enumerate(rules):
        for other in range(number):
            if rules[other]["category"] == rule["category"] and _overlap(rules[other], rule):
                yield Fault(
                    ("points", "earn_rules", number),
                    _("holds for the same orders as %(other)s, on the same days")
                    % {"other": f"points.earn_rules[{other}]"},
                )


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    never, ever = "0000-00-00", "9999-99-99"
    return bool(
        one.get("starts_on", never) <= other.get("ends_on", ever)
        and other.get("starts_on", never) <= one.get("ends_on", ever)
    )


def _day(day: date) -> str:
    return str(date_format(day, "SHORT_DATE_FORMAT"))
