"""The section `tier_groups`: ladders of tiers, how one climbs them and falls."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import Programme, Tier, TierGroup
from memberships.programme_files.facts import difference, differing, facts_of
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import CODE, NAMES, SMALL, list_of, one_of, record, whole
from memberships.programme_files.sections import Change, ProgrammeSection
from operations.models import User

FIELDS = ("name", "name_en", "window", "window_months", "downgrade", "grace_days")


class TierGroups(ProgrammeSection):
    """A group that a file leaves out loses its tiers (section `tiers`); its row stays, since members stand on it."""

    name = "tier_groups"
    label = gettext_lazy("tier groups")
    schema = list_of(
        record(
            {
                "code": CODE,
                "name": NAMES,
                "window": one_of(TierGroup.Window.values, description="Of which days the qualifying points count"),
                "window_months": whole(1, SMALL, description="With the window rolling_months: how many"),
                "downgrade": one_of(TierGroup.Downgrade.values, default="none"),
                "grace_days": whole(
                    0, SMALL, default=0, description="Days after a period's end for which a lost tier is held"
                ),
            },
            required=["code", "name", "window"],
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        used = {tier["group"] for tier in document.sections["tiers"]}
        yield from repeated_codes(self.name, section)
        for number, group in enumerate(section):
            path = (self.name, number)
            if (group["window"] == TierGroup.Window.ROLLING_MONTHS) != ("window_months" in group):
                yield Fault((*path, "window_months"), _("belongs to the window rolling_months, and to no other"))
            if group["window"] == TierGroup.Window.CUMULATIVE and group["downgrade"] != TierGroup.Downgrade.NONE:
                yield Fault((*path, "downgrade"), _("points that count from the beginning never become less: none"))
            if group["code"] not in used:
                yield Fault(path, _("no tier is of this group"))

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present = _present(programme)
        for group in section:
            found, wanted = present.get(group["code"]), _wanted(group)
            if found is None:
                yield Change(_("New tier group “%(name)s”") % {"name": TierGroup(**wanted)})
            elif words := difference(TierGroup, facts_of(found, FIELDS), wanted):
                yield Change(_("Tier group “%(name)s”: %(difference)s") % {"name": found, "difference": words})

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present = _present(programme)
        for each in section:
            wanted = _wanted(each)
            group = present.get(each["code"]) or TierGroup(programme=programme, code=each["code"], **wanted)
            if group.pk is None or differing(facts_of(group, FIELDS), wanted):
                for field, value in wanted.items():
                    setattr(group, field, value)
                group.save()

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        live = Tier.objects.filter(group__programme=programme, retired_on=None)
        groups = programme.tier_groups.filter(pk__in=live.values("group")).order_by("pk")
        return [_exported(group) for group in groups]


def repeated_codes(name: str, section: list[dict[str, Any]]) -> Iterable[Fault]:
    """Faults of entries whose code an earlier entry of the section has."""
    first: dict[str, int] = {}
    for number, entry in enumerate(section):
        if first.setdefault(entry["code"], number) != number:
            yield Fault(
                (name, number, "code"),
                _("“%(code)s” is the code of %(other)s, too")
                % {"code": entry["code"], "other": f"{name}[{first[entry['code']]}]"},
            )


def _present(programme: Programme | None) -> dict[str, TierGroup]:
    return {} if programme is None else {group.code: group for group in programme.tier_groups.all()}


def _wanted(group: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": group["name"]["zh"], "name_en": group["name"]["en"], "window": group["window"],
        "window_months": group.get("window_months"), "downgrade": group["downgrade"],
        "grace_days": group["grace_days"],
    }


def _exported(group: TierGroup) -> dict[str, Any]:
    exported = {
        "code": group.code, "name": {"zh": group.name, "en": group.name_en},
        **facts_of(group, ("window", "window_months", "downgrade", "grace_days")),
    }
    return {key: value for key, value in exported.items() if value is not None}
