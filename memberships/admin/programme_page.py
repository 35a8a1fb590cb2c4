"""What the page of a programme shows: its sections as they stand, readably, and its revisions. Reads only."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from memberships.admin.revision_actions import PERMISSION
from memberships.admin.revision_page import state_in_words
from memberships.models import (
    EarnPromotion,
    EarnRule,
    Plan,
    PointsPolicy,
    Programme,
    ProgrammeRevision,
    Tier,
    TierGroup,
)
from memberships.programme_files.facts import facts_of, field_in_words, value_in_words
from memberships.programme_files.points_policy import FIELDS
from operations import registry

REVISIONS_SHOWN = 20


@dataclass(frozen=True)
class Ladder:
    """A tier group with its rungs, the lowest first; retired ones stand apart."""

    group: TierGroup
    tiers: list[Tier]
    retired: list[Tier]


@dataclass(frozen=True)
class ShownPlan:
    """A version of a plan, and whether it can be bought."""

    plan: Plan
    is_on_sale: bool


def programme_page(request: HttpRequest, programme: Programme, *, on: date) -> dict[str, Any]:
    """Everything the page shows, in a fixed number of queries."""
    policy = PointsPolicy.objects.filter(programme=programme).first()
    may_edit = request.user.has_perm(PERMISSION)
    return {
        "programme": programme, "ladders": _ladders(programme), "plans": _plans(programme, on=on),
        "policy": _facts(policy) if policy else [],
        "rules": list(EarnRule.objects.filter(programme=programme).order_by("code", "starts_on")),
        "promotions": list(EarnPromotion.objects.filter(programme=programme).order_by("code", "starts_on")),
        "panels": [
            {"template": panel.template, **panel.context(request, programme.pk, on=on)}
            for panel in registry.programme_panels if request.user.has_perm(panel.permission)
        ],
        "revisions": _revisions(programme) if request.user.has_perm("memberships.view_programmerevision") else [],
        "edit_url": f"{reverse('admin:memberships_programmerevision_add')}?programme={programme.code}"
        if may_edit else "",
    }


def _ladders(programme: Programme) -> list[Ladder]:
    groups = programme.tier_groups.prefetch_related("tiers").order_by("pk")
    return [
        Ladder(
            group, [tier for tier in group.tiers.all() if tier.retired_on is None],
            [tier for tier in group.tiers.all() if tier.retired_on is not None],
        )
        for group in groups
    ]


def _plans(programme: Programme, *, on: date) -> list[ShownPlan]:
    plans = programme.plans.order_by("code", "-version")
    return [
        ShownPlan(plan, plan.on_sale_from <= on and (plan.on_sale_until is None or plan.on_sale_until >= on))
        for plan in plans
    ]


def _facts(policy: PointsPolicy) -> list[tuple[str, str]]:
    """The policy's facts that say something, with their names."""
    said = {name: value for name, value in facts_of(policy, FIELDS).items() if value is not None}
    return [(field_in_words(PointsPolicy, name), value_in_words(PointsPolicy, name, said[name])) for name in said]


def _revisions(programme: Programme) -> list[tuple[ProgrammeRevision, str, str]]:
    """Revisions with the words and the colour of their state, newest first."""
    known = ProgrammeRevision.objects.without_files().filter(code=programme.code)
    found = known.select_related("approval").order_by("-number")
    shown = []
    for revision in found[:REVISIONS_SHOWN]:
        colour, words = state_in_words(revision)
        shown.append((revision, words, colour))
    return shown
