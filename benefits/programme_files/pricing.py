"""The section `pricing`: how a programme's benefits go together in a price. Order of steps, what excludes what, caps,
rounding; no figure of it stands in code.

The policy is one, and a version of it holds from the day on which a file takes effect; the one before ends the day
before, and prices the orders of its days for ever. With it the terms of the benefits are kept as versions of the same
days (services/benefit_terms.py), so the section is applied after that of the benefits.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.models import PricingPolicy
from benefits.policies import ROUNDING, STEPS, policy_data
from benefits.pricing.words import step_label
from benefits.services.benefit_terms import keep_terms
from memberships.models import Programme
from memberships.programme_files.facts import difference, facts_of
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import bare, record
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.versions import Entry, Versions
from operations.models import User


class Pricing(ProgrammeSection):
    name = "pricing"
    label = gettext_lazy("prices")
    schema = record(
        {"steps": STEPS, "rounding": ROUNDING}, description="Without this section nothing of the programme is priced"
    )
    empty = None

    def check(self, document: Any, section: dict[str, Any] | None) -> Iterable[Fault]:
        if section is not None:
            yield from _faults_of(section["steps"])

    def changes(
        self, programme: Programme | None, section: dict[str, Any] | None, *, on: date
    ) -> Iterable[Change]:
        present = _present(programme)
        if section is None:
            for ending in _VERSIONS.endings(present, on=on):
                day = _day(ending.end or ending.record.starts_on)
                yield Change(_("Prices: nothing is priced any more after %(day)s") % {"day": day})
            return
        step = _VERSIONS.step(present, _entry(section), on=on)
        if step is not None:
            yield Change(_in_words(present, step.values))

    def apply(
        self, programme: Programme, section: dict[str, Any] | None, *, on: date, actor: User | None
    ) -> None:
        keep_terms(programme, on=on)
        present = _present(programme)
        if section is None:
            for ending in _VERSIONS.endings(present, on=on):
                _VERSIONS.write_ending(ending)
            return
        step = _VERSIONS.step(present, _entry(section), on=on)
        if step is not None:
            _VERSIONS.write(step, PricingPolicy(programme=programme))

    def export(self, programme: Programme, *, on: date) -> dict[str, Any] | None:
        present = _present(programme)
        if not present or _VERSIONS.is_over(present[-1], on=on):
            return None
        return policy_data(present[-1])


#: Of several files of a day the last one holds for all of it.
_VERSIONS: Versions[PricingPolicy] = Versions("starts_on", "ends_on", lambda policy: False)
_FACTS = ("steps", "rounding", "rounding_unit", "rounding_per")


def _faults_of(steps: list[dict[str, Any]]) -> Iterable[Fault]:
    """What is wrong with the steps beside each other."""
    first: dict[str, int] = {}
    for number, step in enumerate(steps):
        path = ("pricing", "steps", number)
        if first.setdefault(step["kind"], number) != number:
            other = f"pricing.steps[{first[step['kind']]}]"
            yield Fault((*path, "kind"), _("%(other)s is the same kind: each stands once") % {"other": other})
        if step["kind"] == "free_shipping" and number != len(steps) - 1:
            yield Fault(path, _("free shipping comes last: freight is added to what the goods cost"))
        if step["kind"] != "coupon" and step["per_order"] != 1:
            yield Fault((*path, "per_order"), _("goes with coupon, and only with it"))
        if step["kind"] in ("coupon", "promotion") and step["combine"] != "best":
            yield Fault((*path, "combine"), _("does not go with %(kind)s") % {"kind": step["kind"]})
        if step["kind"] == "promotion" and not step["optional"]:
            yield Fault((*path, "optional"), _("a promotion price holds for everybody: it is never left out"))


def _present(programme: Programme | None) -> list[PricingPolicy]:
    """Every version, oldest first."""
    return list(programme.pricing_policies.order_by("starts_on")) if programme else []


def _entry(section: Mapping[str, Any]) -> Entry:
    rounding = section["rounding"]
    facts = {
        "steps": bare(section["steps"], STEPS), "rounding": rounding["mode"], "rounding_unit": rounding["unit"],
        "rounding_per": rounding["per"],
    }
    return Entry("pricing", None, None, facts)


def _in_words(present: list[PricingPolicy], values: Mapping[str, Any]) -> str:
    """What a version says, and of the one before it what is another now."""
    steps = " → ".join(step_label(step["kind"]) for step in values.get("steps", present[-1].steps if present else []))
    day = _day(values.get("starts_on") or present[-1].starts_on)
    if not present:
        return _("Prices from %(day)s: %(steps)s") % {"day": day, "steps": steps}
    latest = present[-1]
    rounding = [name for name in _FACTS[1:] if name in values]
    told = [difference(PricingPolicy, facts_of(latest, rounding), {name: values[name] for name in rounding})]
    if values.get("steps", latest.steps) != latest.steps:
        told.insert(0, _("steps %(steps)s (%(differing)s)") % {
            "steps": steps, "differing": _differing(latest.steps, values["steps"]),
        })
    return _("Prices: from %(day)s %(difference)s") % {
        "day": day, "difference": ", ".join(filter(None, told)) or _("as before"),
    }


def _differing(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> str:
    """The steps that are not what they were, by their names; else it is their order."""
    before, after = ({step["kind"]: step for step in steps} for steps in (old, new))
    kinds = [kind for kind in {**before, **after} if before.get(kind) != after.get(kind)]
    return ", ".join(map(step_label, kinds)) or _("another order")


def _day(day: date) -> str:
    return str(date_format(day, "SHORT_DATE_FORMAT"))
