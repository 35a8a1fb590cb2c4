"""The section `points`: how points are earned, wait, end and are taken back.

The policy is one, and changes from the day on which the file takes effect (lots keep the dates they were given). Rules
and promotions hold from a day on: one that changes goes on in a new row from that day, the old one ends the day before.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import Enrolment, PointsPolicy, Programme
from memberships.programme_files.facts import difference
from memberships.programme_files.faults import Fault
from memberships.programme_files.points_policy import (
    POLICY_SCHEMA,
    check_policy,
    exported_policy,
    policy_facts,
    wanted_policy,
)
from memberships.programme_files.points_rules import PROMOTIONS, RULES, check_rules
from memberships.programme_files.schema import list_of, record
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.services import statements
from operations.models import User


class Points(ProgrammeSection):
    name = "points"
    label = gettext_lazy("points")
    schema = record(
        {
            **POLICY_SCHEMA,
            "earn_rules": list_of(RULES.schema, default=[]),
            "promotions": list_of(PROMOTIONS.schema, default=[]),
        },
        description="A programme without this section has no points",
    )
    empty = None

    def check(self, document: Any, section: dict[str, Any] | None) -> Iterable[Fault]:
        if section is not None:
            yield from check_policy(section)
            yield from check_rules(section)

    def hindrances(self, programme: Programme, section: dict[str, Any] | None, *, on: date) -> Iterable[Fault]:
        if section is None:
            if _policy(programme) and Enrolment.objects.filter(programme=programme).exists():
                yield Fault((self.name,), _("the programme has points, which the file leaves out"))
            return
        for kind in (RULES, PROMOTIONS):
            yield from kind.hindrances(programme, section[kind.key], on=on)

    def changes(
        self, programme: Programme | None, section: dict[str, Any] | None, *, on: date
    ) -> Iterable[Change]:
        yield from _changes_of_policy(_policy(programme), section, on=on)
        for kind in (RULES, PROMOTIONS):
            yield from kind.changes(programme, section[kind.key] if section else [], on=on)

    def apply(
        self, programme: Programme, section: dict[str, Any] | None, *, on: date, actor: User | None
    ) -> None:
        policy = _policy(programme)
        if section is None:
            if policy is not None:
                policy.delete()
        elif policy is None or difference(PointsPolicy, policy_facts(policy), wanted_policy(section)):
            if _leaves_inactivity(policy, section):
                statements.run("points/idle_end", programme=programme.pk, on=on)
            policy = policy or PointsPolicy(programme=programme)
            for field, value in wanted_policy(section).items():
                setattr(policy, field, value)
            policy.save()
        for kind in (RULES, PROMOTIONS):
            kind.apply(programme, section[kind.key] if section else [], on=on)

    def export(self, programme: Programme, *, on: date) -> dict[str, Any] | None:
        policy = _policy(programme)
        if policy is None:
            return None
        rules = {kind.key: kind.export(programme, on=on) for kind in (RULES, PROMOTIONS)}
        return {**exported_policy(policy), **rules}


def _policy(programme: Programme | None) -> PointsPolicy | None:
    return PointsPolicy.objects.filter(programme=programme).first() if programme else None


def _leaves_inactivity(policy: PointsPolicy | None, section: dict[str, Any]) -> bool:
    """Whether the days on which wallets end by inactivity hold no more: nothing would put them off."""
    inactivity = PointsPolicy.Expiry.INACTIVITY
    return policy is not None and policy.expiry == inactivity and section["expiry"]["kind"] != inactivity


def _changes_of_policy(
    policy: PointsPolicy | None, section: dict[str, Any] | None, *, on: date
) -> Iterator[Change]:
    if section is None:
        if policy is not None:
            yield Change(_("The programme has no points any more"))
    elif policy is None:
        yield Change(_("The programme has points"))
    elif words := difference(PointsPolicy, policy_facts(policy), wanted_policy(section)):
        yield Change(_("Points: %(difference)s; lots that there are keep their dates") % {"difference": words})
        if _leaves_inactivity(policy, section):
            wallets = Enrolment.objects.filter(programme_id=policy.programme_id, idle_on__gt=on).count()
            told = _("Points do not end by inactivity any more: %(wallets)d wallets keep theirs") % {"wallets": wallets}
            yield Change(told, {"wallets": wallets})
