"""The section `choice_groups`: what a member gets to choose, N of M in each window.

A group changes in place, and what it was is kept (services/former_groups.py). What members chose for a window that
still runs is theirs: such an option cannot go before those windows are over (or they exchanged it), and as long the
group's window stays as it is. A default that holds because nobody chose goes with its option.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.models import Choice, ChoiceGroup, ChoiceOption
from benefits.models.benefits import Basis, Window
from benefits.programme_files.known import Known, day_in_words, members_in_words
from benefits.services.former_groups import keeping
from memberships.models import Programme
from memberships.programme_files.facts import difference, differing, facts_of, same_number
from memberships.programme_files.faults import Fault, Path
from memberships.programme_files.schema import CODE, NAMES, SMALL, exact, list_of, one_of, record, whole
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.tier_groups import repeated_codes
from operations.models import User

FIELDS = ("name", "name_en", "picks", "window", "basis", "deadline_days", "swaps", "cost_cap")
OPTION = ("is_default", "cost")


class Running(NamedTuple):
    """Choices of windows that still run: of so many members, until that day (not included; None: without an end)."""

    members: int
    until: date | None


class ChoiceGroups(ProgrammeSection):
    name = "choice_groups"
    label = gettext_lazy("choice groups")
    schema = list_of(
        record(
            {
                "code": CODE,
                "name": NAMES,
                "picks": whole(1, SMALL, default=1, description="So many of the options may be chosen"),
                "window": one_of(Window.values, default="term", description="For which time one chooses"),
                "basis": one_of(Basis.values, default="calendar"),
                "deadline_days": whole(
                    1, SMALL, description="To be chosen on the first so many days of a window; then defaults hold"
                ),
                "swaps": whole(
                    0, SMALL, default=0, description="Exchanges in a window, each before the first use"
                ),
                "cost_cap": exact(2, 0, 9_999_999_999, description="What a member's options may cost together (CNY)"),
                "options": list_of(
                    record(
                        {
                            "benefit": CODE,
                            "default": {
                                "type": "boolean", "default": False, "description": "For those who don't choose"
                            },
                            "cost": exact(2, 0, 9_999_999_999, default=0, description="In CNY, of a window"),
                        },
                        required=["benefit"],
                    ),
                    minItems=1, description="Defaults are given in this order",
                ),
            },
            required=["code", "name", "options"],
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        yield from repeated_codes(self.name, section)
        yield from _check_naming_rules(document.sections["benefits"], section)
        for number, group in enumerate(section):
            yield from _check_options((self.name, number), group, document.sections["benefits"])
            yield from _check_defaults((self.name, number), group)

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present = _present(programme)
        for number, entry in enumerate(section):
            group = present.pop(entry["code"], None)
            if group is not None:
                yield from _hindrances((self.name, number), group, entry, on=on)
        for group in present.values():
            if group.retired_on is None and (running := _running(Choice.objects.filter(group=group), on=on)):
                yield Fault((self.name,), _lost(group, running))

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present, known = _present(programme), Known(programme)
        for entry in section:
            group, wanted = present.pop(entry["code"], None), _wanted(entry)
            if group is None or group.retired_on is not None:
                yield _new(wanted, entry, known)
                continue
            if words := difference(ChoiceGroup, facts_of(group, FIELDS), wanted):
                yield Change(_("Choice group “%(name)s”: %(difference)s") % {"name": group, "difference": words})
            yield from _changed_options(group, entry, known)
        for group in present.values():
            if group.retired_on is None:
                yield Change(_("Choice group “%(name)s” is retired") % {"name": group})

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present, known = _present(programme), Known(programme)
        for entry in section:
            group = present.pop(entry["code"], None) or ChoiceGroup(programme=programme, code=entry["code"])
            with keeping(group, on=on):
                _write(group, {**_wanted(entry), "retired_on": None})
                _write_options(group, entry, known)
        for group in present.values():
            if group.retired_on is None:
                _write(group, {"retired_on": on})

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        return [_exported(group) for group in _present(programme).values() if group.retired_on is None]


# --- what is wrong with it by itself


def _check_naming_rules(benefits: list[dict[str, Any]], section: list[dict[str, Any]]) -> Iterator[Fault]:
    """Rules that name a group in which their benefit cannot be chosen."""
    groups = {group["code"]: group for group in section}
    for number, benefit in enumerate(benefits):
        for place, rule in enumerate(benefit["rules"]):
            path, group = ("benefits", number, "rules", place, "choice_group"), groups.get(rule.get("choice_group"))
            if "choice_group" not in rule:
                continue
            if group is None:
                yield Fault(path, _("there is no choice group “%(code)s”") % {"code": rule["choice_group"]})
            elif benefit["code"] not in {option["benefit"] for option in group["options"]}:
                yield Fault(path, _("“%(code)s” is no option of it") % {"code": benefit["code"]})
            elif group["window"] == Window.TERM and "plan" not in rule:
                yield Fault(path, _("one chooses for the term of a card in it: the rule has to be a plan's"))


def _check_options(path: Path, group: dict[str, Any], benefits: list[dict[str, Any]]) -> Iterator[Fault]:
    known = {benefit["code"]: benefit for benefit in benefits}
    first: dict[str, int] = {}
    for number, option in enumerate(group["options"]):
        own, code = (*path, "options", number), option["benefit"]
        if first.setdefault(code, number) != number:
            facts = {"code": code, "other": f"options[{first[code]}]"}
            yield Fault((*own, "benefit"), _("“%(code)s” is the benefit of %(other)s, too") % facts)
        if code not in known:
            yield Fault((*own, "benefit"), _("there is no benefit “%(code)s”") % {"code": code})
        elif all(rule.get("choice_group") != group["code"] for rule in known[code]["rules"]):
            words = _("no rule of “%(code)s” names this choice group")
            yield Fault((*own, "benefit"), words % {"code": code})
        if "cost_cap" in group and option["cost"] > group["cost_cap"]:
            yield Fault((*own, "cost"), _("is more than cost_cap: it could never be chosen"))
    if group["picks"] > len(group["options"]):
        words = _("%(picks)s of %(options)s options cannot be chosen")
        yield Fault((*path, "picks"), words % {"picks": group["picks"], "options": len(group["options"])})


def _check_defaults(path: Path, group: dict[str, Any]) -> Iterator[Fault]:
    defaults = [number for number, option in enumerate(group["options"]) if option["default"]]
    if not defaults:
        return
    own = (*path, "options", defaults[-1], "default")
    if "deadline_days" not in group:
        yield Fault(own, _("goes with deadline_days: defaults hold when it is over"))
    if len(defaults) > group["picks"]:
        yield Fault(own, _("there are more defaults than may be chosen (%(picks)s)") % {"picks": group["picks"]})
    cost = sum(group["options"][number]["cost"] for number in defaults)
    if "cost_cap" in group and cost > group["cost_cap"]:
        yield Fault(own, _("the defaults cost %(cost)s together, more than cost_cap") % {"cost": cost})


# --- what members chose


def _running(choices: "QuerySet[Choice]", *, on: date) -> Running | None:
    """Of choices those whose window still runs on that day; None: there are none."""
    runs = choices.filter(Q(window_until=None) | Q(window_until__gt=on), swapped_on=None)
    found = runs.aggregate(
        members=Count("member", distinct=True), until=Max("window_until"),
        endless=Count("pk", filter=Q(window_until=None)),
    )
    return Running(found["members"], None if found["endless"] else found["until"]) if found["members"] else None


def _hindrances(path: Path, group: ChoiceGroup, entry: dict[str, Any], *, on: date) -> Iterator[Fault]:
    choices = Choice.objects.filter(group=group)
    wanted = {option["benefit"] for option in entry["options"]}
    for option in group.options.select_related("benefit").exclude(benefit__code__in=wanted):
        if running := _running(choices.filter(benefit=option.benefit), on=on):
            yield Fault((*path, "options"), _lost(option, running))
    for field in differing(facts_of(group, ("window", "basis")), {key: entry[key] for key in ("window", "basis")}):
        if running := _running(choices, on=on):
            yield Fault((*path, field), _("cannot change: %(why)s") % {"why": _chosen(group, running)})


def _lost(what: ChoiceGroup | ChoiceOption, running: Running) -> str:
    if running.until is None:
        return _("%(why)s: it cannot go before they exchanged it") % {"why": _chosen(what, running)}
    facts = {"why": _chosen(what, running), "day": day_in_words(running.until)}
    return _("%(why)s: it cannot go before %(day)s, unless they exchanged it") % facts


def _chosen(what: ChoiceGroup | ChoiceOption, running: Running) -> str:
    words = _("“%(name)s” is chosen by %(members)s for a time that still runs")
    return words % {"name": what, "members": members_in_words(running.members)}


# --- what would change


def _new(wanted: dict[str, Any], entry: dict[str, Any], known: Known) -> Change:
    words = _("New choice group “%(name)s”: %(picks)s of %(options)s per %(window)s: %(names)s")
    names = ", ".join(str(known.benefit(option["benefit"])) for option in entry["options"])
    return Change(words % {
        "name": ChoiceGroup(**wanted), "picks": wanted["picks"], "options": len(entry["options"]),
        "window": Window(wanted["window"]).label, "names": names,
    })


def _changed_options(group: ChoiceGroup, entry: dict[str, Any], known: Known) -> Iterator[Change]:
    present = {option.benefit.code: option for option in group.options.select_related("benefit")}
    for option in entry["options"]:
        found, wanted = present.get(option["benefit"]), _wanted_option(option)
        facts = {"name": group, "option": known.benefit(option["benefit"])}
        if found is None:
            yield Change(_("Choice group “%(name)s”: new option “%(option)s”") % facts)
        elif words := difference(ChoiceOption, facts_of(found, OPTION), wanted):
            yield Change(
                _("Choice group “%(name)s”, option “%(option)s”: %(difference)s") % {**facts, "difference": words}
            )
    wanted_codes = [option["benefit"] for option in entry["options"]]
    for code, option in present.items():
        if code not in wanted_codes:
            yield Change(_("Choice group “%(name)s”: option “%(option)s” goes") % {"name": group, "option": option})
    stay = [code for code in wanted_codes if code in present]
    if stay != [code for code in present if code in stay] or _moves(stay, wanted_codes):
        names = ", ".join(str(known.benefit(code)) for code in wanted_codes)
        yield Change(_("Choice group “%(name)s”: the order is %(options)s") % {"name": group, "options": names})


def _moves(stay: list[str], wanted: list[str]) -> bool:
    """Whether a new option stands before one that was there."""
    return bool(stay) and wanted[: len(stay)] != stay


# --- the tables


def _present(programme: Programme | None) -> dict[str, ChoiceGroup]:
    """Groups by code, retired ones included."""
    groups = ChoiceGroup.objects.filter(programme=programme).order_by("pk") if programme else ()
    return {group.code: group for group in groups}


def _wanted(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["name"]["zh"], "name_en": entry["name"]["en"], "picks": entry["picks"],
        "window": entry["window"], "basis": entry["basis"], "deadline_days": entry.get("deadline_days"),
        "swaps": entry["swaps"], "cost_cap": entry.get("cost_cap"),
    }


def _wanted_option(option: dict[str, Any]) -> dict[str, Any]:
    return {"is_default": option["default"], "cost": option["cost"]}


def _write(group: ChoiceGroup, wanted: dict[str, Any]) -> None:
    if group.pk is not None and not differing(facts_of(group, wanted), wanted):
        return
    for field, value in wanted.items():
        setattr(group, field, value)
    group.save(update_fields=None if group.pk is None else list(wanted))


def _write_options(group: ChoiceGroup, entry: dict[str, Any], known: Known) -> None:
    """The options as the file has them, numbered in its order; one that goes leaves what was chosen of it."""
    present = {option.benefit.code: option for option in group.options.select_related("benefit")}
    for rank, wanted in enumerate(entry["options"], start=1):
        option = present.pop(wanted["benefit"], None)
        option = option or ChoiceOption(group=group, benefit=known.benefit(wanted["benefit"]))
        facts = {**_wanted_option(wanted), "rank": rank}
        if option.pk is None or differing(facts_of(option, facts), facts):
            for field, value in facts.items():
                setattr(option, field, value)
            option.save()
    for option in present.values():
        option.delete()


def _exported(group: ChoiceGroup) -> dict[str, Any]:
    options = group.options.select_related("benefit").order_by("rank")
    exported = {
        "code": group.code, "name": {"zh": group.name, "en": group.name_en},
        **facts_of(group, ("picks", "window", "basis", "deadline_days", "swaps")),
        "cost_cap": same_number(group.cost_cap),
        "options": [
            {"benefit": each.benefit.code, "default": each.is_default, "cost": same_number(each.cost)}
            for each in options
        ],
    }
    return {key: value for key, value in exported.items() if value is not None}
