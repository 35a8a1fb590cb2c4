"""The rules of a benefit in the section `benefits`: who has how much of it, in which window, at what price.

A rule holds from a day on. One that changes goes on in a new version from that day, the old one ends the day before;
what was used under it stays as it was.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from benefits.models import Benefit, BenefitRule, Grant, Redemption
from benefits.models.benefits import Basis, Window
from benefits.programme_files.budgets import days_in_order
from benefits.programme_files.known import Known, day_in_words, members_in_words
from memberships.programme_files.facts import as_date, as_text, difference, facts_of, same_number
from memberships.programme_files.faults import Fault, Path
from memberships.programme_files.plans import begins_too_late
from memberships.programme_files.schema import CODE, DATE, POINTS, exact, one_of, record, whole
from memberships.programme_files.sections import Change, Schema
from memberships.programme_files.versions import Ending, Entry, Step, Versions

_NARROWED: Schema = {"type": "string", "maxLength": 64, "default": ""}
SCHEMA = record(
    {
        "code": CODE,
        "plan": {**CODE, "description": "Who has a card of this plan; neither plan nor tier: all who are enrolled"},
        "tier": record({"group": CODE, "code": CODE}, required=["group", "code"], description="Who stands on it"),
        "and_above": {"type": "boolean", "default": False, "description": "With tier: higher ones, too"},
        "segment": {**CODE, "description": "Only members of this segment"},
        "region": {**_NARROWED, "description": "Only members of this region, or uses there"},
        "category": {**_NARROWED, "description": "Only uses for this category of goods, with a quota of its own"},
        "quota": whole(1, 2_147_483_647, description="Uses in a window; left out: as often as one likes"),
        "window": one_of(Window.values, default="ever", description="With quota; term: of a plan's card"),
        "basis": one_of(
            Basis.values, default="calendar", description="Whether windows begin with the calendar's, or with the right"
        ),
        "points_price": whole(0, POINTS, default=0, description="Points for a use"),
        "member_price": exact(2, 0, 9_999_999_999, default=0, description="CNY for a use"),
        "choice_group": {**CODE, "description": "Only for those who chose the benefit in this group"},
        "automatic": {
            "type": "boolean", "default": False, "description": "Given by itself when the right begins, ended with it"
        },
        "starts_on": {**DATE, "description": "Not before that day; left out: from the effective day"},
        "ends_on": {**DATE, "description": "The last day"},
    },
    required=["code"],
)
FIELDS = (
    "plan_code", "tier", "and_above", "segment", "region", "category", "quota", "window", "basis", "points_price",
    "member_price", "choice_group", "is_automatic",
)


def _is_used(rule: BenefitRule) -> bool:
    # Of the days since it began only, which are few where it is asked.
    used = Redemption.objects.filter(benefit=rule.benefit_id, on__gte=rule.starts_on, rule=rule)
    return used.exists() or Grant.objects.filter(
        benefit=rule.benefit_id, given_on__gte=rule.starts_on, rule=rule
    ).exists()


VERSIONS: Versions[BenefitRule] = Versions("starts_on", "ends_on", _is_used)


def check_rules(path: Path, rules: list[dict[str, Any]], document: Any) -> Iterator[Fault]:
    """What is wrong with the rules of a benefit; `path` leads to them."""
    first: dict[str, int] = {}
    for number, rule in enumerate(rules):
        own = (*path, number)
        if first.setdefault(rule["code"], number) != number:
            facts = {"code": rule["code"], "other": f"rules[{first[rule['code']]}]"}
            yield Fault((*own, "code"), _("“%(code)s” is the code of %(other)s, too") % facts)
        yield from _check_source(own, rule, document.sections)
        yield from _check_terms(own, rule)
        yield from days_in_order(own, rule)


def _check_source(path: Path, rule: dict[str, Any], sections: Any) -> Iterator[Fault]:
    tier = rule.get("tier")
    if tier and "plan" in rule:
        yield Fault((*path, "tier"), _("a rule is for a plan or for a tier, not for both"))
    if "plan" in rule and rule["plan"] not in {plan["code"] for plan in sections["plans"]}:
        yield Fault((*path, "plan"), _("there is no plan “%(code)s”") % {"code": rule["plan"]})
    if tier and (tier["group"], tier["code"]) not in {(each["group"], each["code"]) for each in sections["tiers"]}:
        named = f"{tier['group']}/{tier['code']}"
        yield Fault((*path, "tier"), _("there is no tier “%(code)s”") % {"code": named})
    if rule["and_above"] and not tier:
        yield Fault((*path, "and_above"), _("goes with tier, and only with it"))


def _check_terms(path: Path, rule: dict[str, Any]) -> Iterator[Fault]:
    if rule["window"] == Window.TERM and "plan" not in rule:
        yield Fault((*path, "window"), _("only a plan's card has terms"))
    if rule["window"] != Window.EVER and "quota" not in rule:
        yield Fault((*path, "window"), _("goes with quota, and only with it"))
    if rule["automatic"] and (rule["points_price"] or rule["member_price"]):
        yield Fault((*path, "automatic"), _("what is given by itself has no price"))
    if rule["automatic"] and rule["category"]:
        yield Fault((*path, "automatic"), _("what is given by itself is for no category of goods"))


class Rules:
    """The rules of a benefit as they are, to be made what a file says."""

    def __init__(self, benefit: Benefit, known: Known) -> None:
        self.benefit, self.known = benefit, known
        self.present: dict[str, list[BenefitRule]] = {}
        for rule in known.rules.get(benefit.pk, ()) if known.programme else ():
            self.present.setdefault(rule.code, []).append(rule)

    def hindrances(self, path: Path, rules: list[dict[str, Any]], *, on: date) -> Iterator[Fault]:
        for number, rule in enumerate(rules):
            versions = self.present.get(rule["code"])
            if versions and begins_too_late(VERSIONS, versions[-1], self._entry(rule), on=on):
                words = _("it holds since %(day)s: it cannot begin later")
                yield Fault((*path, number, "starts_on"), words % {"day": day_in_words(versions[-1].starts_on)})
            if versions and _names_in_vain(versions[-1], rule, on=on):
                words = _("it is over before that day: it cannot begin to name a choice group")
                yield Fault((*path, number, "choice_group"), words)

    def changes(self, rules: list[dict[str, Any]], *, on: date) -> Iterator[Change]:
        for rule in rules:
            versions = self.present.get(rule["code"], [])
            step = VERSIONS.step(versions, self._entry(rule), on=on)
            if step is not None:
                yield self._told(rule["code"], versions, step)
        for versions, ending in self._endings(rules, on=on):
            words = _("Benefit “%(name)s”: rule “%(rule)s” goes")
            if ending.end is not None:
                words = _("Benefit “%(name)s”: rule “%(rule)s” ends, its last day is %(day)s; %(members)s")
            yield self._change(words, versions[-1], day=ending.end and day_in_words(ending.end))

    def apply(self, rules: list[dict[str, Any]], *, on: date) -> None:
        for rule in rules:
            step = VERSIONS.step(self.present.get(rule["code"], []), self._entry(rule), on=on)
            if step is not None:
                VERSIONS.write(step, BenefitRule(benefit=self.benefit, code=rule["code"]))
        for _versions, ending in self._endings(rules, on=on):
            VERSIONS.write_ending(ending)

    def export(self, *, on: date) -> list[dict[str, Any]]:
        in_order = sorted(self.present.values(), key=lambda versions: versions[0].pk)
        kept = {versions[-1].pk for versions in in_order if not VERSIONS.is_over(versions[-1], on=on)}
        # An option has a rule that names its group, be it one that is over.
        for group in self.known.option_of.get(self.benefit.pk, ()):
            naming = [versions[-1].pk for versions in in_order if versions[-1].choice_group_id == group]
            kept.update(naming[-1:] if kept.isdisjoint(naming) else ())
        return [_exported(versions[-1]) for versions in in_order if versions[-1].pk in kept]

    def _endings(
        self, rules: list[dict[str, Any]], *, on: date
    ) -> Iterator[tuple[list[BenefitRule], Ending[BenefitRule]]]:
        named = {rule["code"] for rule in rules}
        for code, versions in self.present.items():
            if code not in named:
                yield from ((versions, ending) for ending in VERSIONS.endings(versions, on=on))

    def _entry(self, rule: dict[str, Any]) -> Entry:
        facts = {
            "plan_code": rule.get("plan", ""), "tier": self.known.tier(rule.get("tier")),
            "segment": rule.get("segment", ""), "quota": rule.get("quota"),
            "choice_group": self.known.group(rule.get("choice_group")), "is_automatic": rule["automatic"],
            **{name: rule[name] for name in (
                "and_above", "region", "category", "window", "basis", "points_price", "member_price"
            )},
        }
        return Entry(rule["code"], as_date(rule.get("starts_on")), as_date(rule.get("ends_on")), facts)

    def _told(self, code: str, versions: list[BenefitRule], step: Step[BenefitRule]) -> Change:
        if not versions:
            rule = BenefitRule(code=code, **step.values)
            words = _("Benefit “%(name)s”: new rule “%(rule)s”: %(facts)s; %(members)s")
            return self._change(words, rule, facts=in_words(rule, self.known))
        latest = versions[-1]
        if step.record is not None:
            words = _("Benefit “%(name)s”, rule “%(rule)s”: %(difference)s; %(members)s")
            return self._change(words, latest, difference=_difference(latest, step.values))
        told = _difference(latest, {name: step.values[name] for name in FIELDS})
        words = _("Benefit “%(name)s”, rule “%(rule)s”: from %(day)s %(difference)s; %(members)s")
        day = day_in_words(step.values["starts_on"])
        return self._change(words, latest, day=day, difference=told or _("as before"))

    def _change(self, words: str, rule: BenefitRule, **facts: Any) -> Change:
        members = self.known.members(rule)
        told = {"name": self.benefit, "rule": rule.code, "members": members_in_words(members), **facts}
        return Change(words % told, {"members": members})


def _names_in_vain(latest: BenefitRule, rule: dict[str, Any], *, on: date) -> bool:
    """Whether the rule, which is over by then, names a group that its newest version does not: it is not written, and
    the option would be without any rule."""
    end, named = as_date(rule.get("ends_on")), rule.get("choice_group")
    present = latest.choice_group and latest.choice_group.code
    return end is not None and end < on and named is not None and named != present


def _difference(rule: BenefitRule, wanted: dict[str, Any]) -> str:
    """What is another value; no quota is no limit."""
    present = facts_of(rule, wanted)
    if "quota" in wanted:
        no_limit = _("no limit")
        present, wanted = ({**facts, "quota": facts["quota"] or no_limit} for facts in (present, wanted))
    return difference(BenefitRule, present, wanted)


def in_words(rule: BenefitRule, known: Known) -> str:
    """Who has how much of it, as in “card “Annual card”, 12 per year, given by itself, from 2027-01-15”."""
    return ", ".join([_source(rule, known), _quota(rule), *_conditions(rule), _days(rule)])


def _source(rule: BenefitRule, known: Known) -> str:
    if rule.plan_code:
        return _("card “%(plan)s”") % {"plan": known.plan(rule.plan_code)}
    if rule.tier is None:
        return _("all who are enrolled")
    words = _("tier “%(tier)s” and above") if rule.and_above else _("tier “%(tier)s”")
    return words % {"tier": rule.tier}


def _quota(rule: BenefitRule) -> str:
    if rule.quota is None:
        return _("as often as one likes")
    facts = {"quota": number_format(rule.quota), "window": Window(rule.window).label}
    if rule.window == Window.EVER:
        return _("%(quota)s in all") % facts
    if rule.basis == Basis.ANNIVERSARY and rule.window not in (Window.TERM, Window.DAY):
        return _("%(quota)s per %(window)s from the day the right began") % facts
    return _("%(quota)s per %(window)s") % facts


def _conditions(rule: BenefitRule) -> Iterable[str]:
    if rule.segment:
        yield _("segment “%(segment)s”") % {"segment": rule.segment}
    if rule.region:
        yield _("region “%(region)s”") % {"region": rule.region}
    if rule.category:
        yield _("category “%(category)s”") % {"category": rule.category}
    if rule.points_price:
        yield _("%(points)s points each") % {"points": number_format(rule.points_price)}
    if rule.member_price:
        yield _("%(price)s CNY each") % {"price": number_format(rule.member_price, decimal_pos=2)}
    if rule.choice_group is not None:
        yield _("if chosen in “%(group)s”") % {"group": rule.choice_group}
    if rule.is_automatic:
        yield _("given by itself")


def _days(rule: BenefitRule) -> str:
    first = day_in_words(rule.starts_on)
    if rule.ends_on is None:
        return _("from %(first)s") % {"first": first}
    return _("from %(first)s to %(last)s") % {"first": first, "last": day_in_words(rule.ends_on)}


def _exported(rule: BenefitRule) -> dict[str, Any]:
    tier = rule.tier and {"group": rule.tier.group.code, "code": rule.tier.code}
    exported = {
        "code": rule.code, "plan": rule.plan_code or None, "tier": tier, "and_above": rule.and_above,
        "segment": rule.segment or None, "region": rule.region, "category": rule.category, "quota": rule.quota,
        "window": rule.window, "basis": rule.basis, "points_price": rule.points_price,
        "member_price": same_number(rule.member_price),
        "choice_group": rule.choice_group and rule.choice_group.code, "automatic": rule.is_automatic,
        "starts_on": as_text(rule.starts_on), "ends_on": as_text(rule.ends_on),
    }
    return {name: value for name, value in exported.items() if value is not None}
