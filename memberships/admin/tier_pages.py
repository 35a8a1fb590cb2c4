"""What the pages of tiers show: a member's tier and its history, a ladder and its population, a what-if; reads only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.core.cache import cache
from django.db.models import Count
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from memberships.models import Tier, TierChange, TierGroup, TierStanding
from memberships.services.tier_forecasts import LadderForecast, Outline, TierOutlook

Kind = TierChange.Kind
KIND_COLOURS = {Kind.FIRST: "info", Kind.UP: "success", Kind.DOWN: "danger", Kind.KEPT: "info"}
PAGE_SIZE = 30
#: For how many seconds the population of a ladder is shown again: it is counted over all of its members.
KEPT_SECONDS = 300


@dataclass
class ChangeLine:
    """A change, and what it rests on in words."""

    change: TierChange
    colour: str
    evidence: str


def standing_page(standing: TierStanding, *, before: str) -> dict[str, Any]:
    """The history of a member's tier on one ladder, the newest change first, a page of it."""
    changes = TierChange.objects.filter(enrolment=standing.enrolment_id, group=standing.group_id)
    edge = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    if edge is not None:
        changes = changes.filter(pk__lt=edge)
    found = list(changes.select_related("from_tier", "to_tier", "actor").order_by("-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return {
        "standing": standing,
        "changes": [ChangeLine(each, KIND_COLOURS[Kind(each.kind)], evidence_of(each)) for each in shown],
        "first_url": "?" if edge is not None else "",
        "next_url": f"?{urlencode({'before': shown[-1].pk})}" if len(found) > PAGE_SIZE else "",
    }


def evidence_of(change: TierChange) -> str:
    """What a change rests on: points, threshold and days."""
    seen = change.evidence
    if seen.get("plan"):
        return _("card of the plan %(plan)s") % {"plan": seen["plan"]}
    if "window" not in seen:
        return ""
    facts = {
        "points": number_format(seen["points"]), "threshold": number_format(seen["threshold"]),
        "first": seen["from"], "last": seen["to"],
    }
    words = (
        _("%(points)s points (threshold %(threshold)s) from %(first)s to %(last)s") if seen["from"]
        else _("%(points)s points (threshold %(threshold)s) to %(last)s")
    )
    return words % facts


class PopulatedTier(NamedTuple):
    """A tier of a ladder, how many stand on it, and their part of all in hundredths."""

    tier: Tier
    members: int
    share: int


def population(group: TierGroup) -> list[PopulatedTier]:
    """The tiers of a ladder from the lowest up; counts are kept for some minutes."""
    counts: dict[int, int] = cache.get_or_set(f"tier-population:{group.pk}", lambda: _counts(group), KEPT_SECONDS) or {}
    total = sum(counts.values()) or 1
    tiers = Tier.objects.filter(group=group).order_by("rank")
    return [PopulatedTier(tier, counts.get(tier.pk, 0), round(counts.get(tier.pk, 0) * 100 / total)) for tier in tiers]


def _counts(group: TierGroup) -> dict[int, int]:
    standings = TierStanding.objects.filter(tier__in=list(group.tiers.values_list("pk", flat=True)))
    return dict(standings.values_list("tier").annotate(Count("pk")).order_by())


def population_chart(tiers: Sequence[PopulatedTier]) -> str:
    """For Unfold's bar chart."""
    return json.dumps({
        "labels": [str(each.tier) for each in tiers],
        "datasets": [_bars(_("Members"), [each.members for each in tiers], "var(--color-primary-600)")],
    })


class WhatIfForm(forms.Form):
    """The rules of a ladder as somebody would have them, and the day of the evaluation."""

    on = forms.DateField(label=gettext_lazy("Evaluated on"), widget=UnfoldAdminDateWidget())
    downgrade = forms.ChoiceField(
        label=gettext_lazy("Downgrade"), choices=TierGroup.Downgrade.choices, widget=UnfoldAdminSelectWidget()
    )
    grace_days = forms.IntegerField(
        label=gettext_lazy("Grace (days)"), min_value=0, max_value=3_650, widget=UnfoldAdminIntegerFieldWidget()
    )

    def __init__(
        self, data: Any, *, group: TierGroup, tiers: Sequence[Tier], today: date, asked: Outline | None = None
    ) -> None:
        """It begins with the ladder as it is, or as somebody `asked` of it, on the day `today`."""
        self.group, self.tiers = group, tiers
        rules = asked.ladder if asked else group
        thresholds = {rung.code: rung.threshold for rung in asked.ladder.tiers} if asked else {}
        super().__init__(data, initial={
            "on": today, "downgrade": rules.downgrade, "grace_days": rules.grace_days,
            **{_field(tier): thresholds.get(tier.code, tier.threshold) for tier in tiers},
        })
        for tier in tiers:
            if not tier.plan_code:
                self.fields[_field(tier)] = forms.IntegerField(
                    label=_("“%(tier)s” from (points)") % {"tier": tier}, min_value=0, max_value=10**15,
                    widget=UnfoldAdminIntegerFieldWidget(),
                )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        lower: Tier | None = None
        for tier in self.tiers:
            asked = cleaned.get(_field(tier))
            if asked is None:
                continue
            below = cleaned.get(_field(lower)) if lower else None
            if below is not None and asked <= below:
                self.add_error(_field(tier), _("It takes more than “%(tier)s” does.") % {"tier": lower})
            lower = tier
        if self.group.window == TierGroup.Window.CUMULATIVE and cleaned.get("downgrade") not in (None, "none"):
            self.add_error("downgrade", _("Points that count from the beginning never become less: none."))
        return cleaned

    def entries(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """As a programme file would say it: the group, and its tiers."""
        group = {
            "code": self.group.code, "name": _names(self.group), "window": self.group.window,
            "window_months": self.group.window_months, "downgrade": self.cleaned_data["downgrade"],
            "grace_days": self.cleaned_data["grace_days"],
        }
        return group, [self._entry(tier) for tier in self.tiers]

    def _entry(self, tier: Tier) -> dict[str, Any]:
        entry = {"group": self.group.code, "code": tier.code, "name": _names(tier), "is_floor": tier.is_floor}
        given = {"plan": tier.plan_code} if tier.plan_code else {"threshold": self.cleaned_data[_field(tier)]}
        return {**entry, **given}


def _field(tier: Tier) -> str:
    return f"threshold_{tier.pk}"


def _names(record: Any) -> dict[str, str]:
    return {"zh": record.name, "en": record.name_en}


def forecast_context(ladder: LadderForecast) -> dict[str, Any]:
    """What templates/memberships/tier_forecast.html shows of a ladder."""
    return {
        "ladder": ladder,
        "title": _named(ladder),
        "rows": [(_named(tier), tier) for tier in ladder.tiers],
        "totals": ladder.totals,
        "matrix": _matrix(ladder),
        "chart": forecast_chart(ladder.tiers),
    }


def forecast_chart(tiers: Sequence[TierOutlook]) -> str:
    """Before and after, tier by tier, for Unfold's bar chart."""
    return json.dumps({
        "labels": [_named(tier) for tier in tiers],
        "datasets": [
            _bars(_("Before"), [tier.before for tier in tiers], "var(--color-base-400)"),
            _bars(_("After"), [tier.after for tier in tiers], "var(--color-primary-600)"),
        ],
    })


def _matrix(ladder: LadderForecast) -> list[tuple[str, list[int]]]:
    """By tier before, how many go to each tier."""
    counted: dict[tuple[str | None, str | None], int] = {}
    for move in ladder.moves:
        counted[move.was, move.to] = counted.get((move.was, move.to), 0) + move.members
    codes = [tier.code for tier in ladder.tiers]
    names: dict[str | None, str] = {tier.code: _named(tier) for tier in ladder.tiers}
    starts: list[str | None] = [None, *codes] if any(was is None and to for was, to in counted) else [*codes]
    return [(names.get(was, _("no tier")), [counted.get((was, to), 0) for to in codes]) for was in starts]


def _bars(label: str, figures: list[int], colour: str) -> dict[str, Any]:
    # Beside each other: one upon the other, they would show neither.
    shape = {"grouped": True, "maxBarThickness": 28, "categoryPercentage": 0.6}
    return {"label": label, "data": figures, "backgroundColor": colour, **shape}


def _named(thing: Any) -> str:
    """In the reader's language, as models.programmes.Named has it."""
    return str(thing.name if (get_language() or "zh").startswith("zh") else thing.name_en)
