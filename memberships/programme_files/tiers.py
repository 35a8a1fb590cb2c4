"""The section `tiers`: the rungs of the ladders. One that is left out is retired; who stands on it stays for now."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import Programme, Tier, TierGroup
from memberships.programme_files.facts import difference, differing, facts_of, same_number
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import CODE, NAMES, POINTS, exact, list_of, record, whole
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.services import statements
from operations.models import User

FIELDS = ("name", "name_en", "threshold", "is_floor", "earn_multiplier", "plan_code")


class Tiers(ProgrammeSection):
    name = "tiers"
    label = gettext_lazy("tiers")
    schema = list_of(
        record(
            {
                "group": CODE,
                "code": CODE,
                "name": NAMES,
                "threshold": whole(0, POINTS, description="Qualifying points that it takes, in the group's window"),
                "plan": {**CODE, "description": "Instead of a threshold: the plan whose card puts a member here"},
                "is_floor": {
                    "type": "boolean", "default": False, "description": "Who has stood here does not fall below"
                },
                "earn_multiplier": exact(3, 0, 999, default=1, description="Of the points that orders bring"),
            },
            required=["group", "code", "name"],
        ),
        description="The tiers of a group stand from the lowest to the highest",
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        groups = {group["code"] for group in document.sections["tier_groups"]}
        plans = {plan["code"] for plan in document.sections["plans"]}
        below: dict[str, int] = {}
        codes: dict[tuple[str, str], int] = {}
        for number, tier in enumerate(section):
            path = (self.name, number)
            if tier["group"] not in groups:
                yield Fault((*path, "group"), _("there is no tier group “%(code)s”") % {"code": tier["group"]})
            if "plan" in tier and tier["plan"] not in plans:
                yield Fault((*path, "plan"), _("there is no plan “%(code)s”") % {"code": tier["plan"]})
            first = codes.setdefault((tier["group"], tier["code"]), number)
            if first != number:
                words = _("“%(code)s” is the code of %(other)s, too")
                yield Fault((*path, "code"), words % {"code": tier["code"], "other": f"tiers[{first}]"})
            if ("plan" in tier) == ("threshold" in tier):
                yield Fault((*path, "threshold"), _("a tier has a threshold, or else a plan that gives it"))
            elif "threshold" in tier:
                if tier["group"] in below:
                    yield from _check_order(section, number, below[tier["group"]])
                below[tier["group"]] = number

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present = _present(programme)
        for entry in section:
            found, wanted = present.pop((entry["group"], entry["code"]), None), _wanted(entry)
            if found is None or found.retired_on is not None:
                yield _new(entry, Tier(**wanted))
            elif words := difference(Tier, _facts(found), wanted):
                yield _changed(found, wanted, words, on=on)
        yield from (_retired(tier) for tier in present.values() if tier.retired_on is None)
        yield from _reordered(programme, section)

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present = _present(programme)
        groups = {group.code: group for group in programme.tier_groups.all()}
        for entry in section:
            tier = present.pop((entry["group"], entry["code"]), None)
            _write(tier or Tier(group=groups[entry["group"]], code=entry["code"]), _wanted(entry))
        for tier in present.values():
            if tier.retired_on is None:
                tier.retired_on = on
                tier.save(update_fields=["retired_on"])
        for group in groups.values():
            _put_in_order(group, [entry["code"] for entry in section if entry["group"] == group.code])

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        live = Tier.objects.filter(group__programme=programme, retired_on=None).select_related("group")
        return [_exported(tier) for tier in live.order_by("group", "rank")]


def _check_order(section: list[dict[str, Any]], number: int, before: int) -> Iterable[Fault]:
    own, lower = section[number]["threshold"], section[before]["threshold"]
    facts = {"own": own, "other": f"tiers[{before}]", "lower": lower}
    if own < lower:
        yield Fault(("tiers", number, "threshold"), _("%(own)s is below %(other)s's %(lower)s") % facts)
    elif own == lower:
        yield Fault(("tiers", number, "threshold"), _("%(own)s is that of %(other)s, too") % facts)


def _new(entry: dict[str, Any], tier: Tier) -> Change:
    if "plan" in entry:
        return Change(_("New tier “%(name)s”, given by the plan “%(plan)s”") % {"name": tier, "plan": entry["plan"]})
    words = _("New tier “%(name)s” from %(threshold)s points")
    return Change(words % {"name": tier, "threshold": number_format(tier.threshold)})


def _changed(tier: Tier, wanted: dict[str, Any], words: str, *, on: date) -> Change:
    """A tier that becomes another; of a threshold that rises, whom it leaves below."""
    sentence = _("Tier “%(name)s”: %(difference)s") % {"name": tier, "difference": words}
    if wanted["plan_code"] or wanted["threshold"] <= tier.threshold:
        return Change(sentence)
    members, below = statements.rows(
        "programmes/below_threshold", tier=tier.pk, threshold=wanted["threshold"], on=on
    )[0]
    stay = tier.group.downgrade == TierGroup.Downgrade.NONE
    ending = (
        _("%(below)s of %(members)s members on it would be below it, and stay: the ladder has no downgrade.")
        if stay else _("%(below)s of %(members)s members on it would be below it at their next evaluation.")
    )
    shown = ending % {"below": number_format(below), "members": number_format(members)}
    return Change(f"{sentence}; {shown}", {"members": members, "below": below})


def _retired(tier: Tier) -> Change:
    members = tier.standings.count()
    return Change(
        _("Tier “%(name)s” is retired; %(members)s members stand on it, until an evaluation")
        % {"name": tier, "members": number_format(members)},
        {"members": members},
    )


def _reordered(programme: Programme | None, section: list[dict[str, Any]]) -> Iterable[Change]:
    """Ladders whose rungs change places; new ones, and those that go, are told by themselves."""
    for group in programme.tier_groups.all() if programme else []:
        now = {tier.code: tier for tier in group.tiers.filter(retired_on=None)}
        wanted = [each["code"] for each in section if each["group"] == group.code and each["code"] in now]
        if wanted != [code for code in now if code in wanted]:
            names = ", ".join(str(now[code]) for code in wanted)
            yield Change(_("Tier group “%(name)s”: the order is %(tiers)s") % {"name": group, "tiers": names})


def _present(programme: Programme | None) -> dict[tuple[str, str], Tier]:
    """Tiers by group and code, retired ones included."""
    if programme is None:
        return {}
    tiers = Tier.objects.filter(group__programme=programme).select_related("group").order_by("group", "rank")
    return {(tier.group.code, tier.code): tier for tier in tiers}


def _facts(tier: Tier) -> dict[str, Any]:
    facts = {**facts_of(tier, FIELDS), "earn_multiplier": same_number(tier.earn_multiplier)}
    return {**facts, "threshold": 0} if tier.plan_code else facts


def _wanted(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["name"]["zh"], "name_en": entry["name"]["en"], "threshold": entry.get("threshold", 0),
        "is_floor": entry["is_floor"], "earn_multiplier": entry["earn_multiplier"], "plan_code": entry.get("plan", ""),
    }


def _write(tier: Tier, wanted: dict[str, Any]) -> None:
    is_new = tier.pk is None
    if not is_new and tier.retired_on is None and not differing(_facts(tier), wanted):
        return
    for field, value in {**wanted, "retired_on": None}.items():
        setattr(tier, field, value)
    if is_new:
        tier.rank = Tier.objects.filter(group=tier.group).count() + 1
    tier.save()


def _put_in_order(group: TierGroup, wanted: list[str]) -> None:
    """Number the rungs as the file has them; a retired one stays above the one that it was above."""
    before: list[Tier] = list(group.tiers.order_by("rank"))
    live = {tier.code: tier for tier in before}
    ladder = [live[code] for code in wanted]
    for number, tier in enumerate(before):
        if tier not in ladder:
            ladder.insert(ladder.index(before[number - 1]) + 1 if number else 0, tier)
    for rank, tier in enumerate(ladder, start=1):
        if tier.rank != rank:
            tier.rank = rank
            tier.save(update_fields=["rank"])


def _exported(tier: Tier) -> dict[str, Any]:
    exported = {
        "group": tier.group.code, "code": tier.code, "name": {"zh": tier.name, "en": tier.name_en},
        "is_floor": tier.is_floor, "earn_multiplier": same_number(tier.earn_multiplier),
    }
    return {**exported, **({"plan": tier.plan_code} if tier.plan_code else {"threshold": tier.threshold})}
