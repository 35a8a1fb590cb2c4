"""What partners tell a member's timeline: the steps of fulfilments, and status matches."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.admin.timeline import Moment, RowsByInstant
from partners.admin.display import STEP_COLOURS
from partners.admin.status_matches import COLOURS
from partners.admin.words import state_in_words, step_in_words
from partners.models import Fulfilment, FulfilmentEvent, StatusMatch


class Steps(RowsByInstant):
    """Every step of every fulfilment, but for what was merely sent: the page of the fulfilment has that."""

    name = "fulfilments"
    label = gettext_lazy("partners")
    permission = "partners.view_fulfilment"

    def rows(self, member_id: int) -> QuerySet[Any]:
        # Events are indexed by fulfilment; those of a member are as few as benefits that partners provide.
        own = Fulfilment.objects.filter(member=member_id).values("pk")
        joined = ("fulfilment__partner", "fulfilment__offer__benefit", "actor")
        told = FulfilmentEvent.objects.exclude(kind=FulfilmentEvent.Kind.SENT)
        return told.filter(fulfilment__in=own).select_related(*joined)

    def told(self, row: FulfilmentEvent, place: str) -> Moment:
        fulfilment = row.fulfilment
        words = {"partner": fulfilment.partner, "what": row.get_kind_display()}
        said = (str(fulfilment.offer.benefit), state_in_words(row.state) if row.state else "", step_in_words(row))
        return Moment(
            row.at, place, _("%(partner)s: %(what)s") % words, " · ".join(filter(None, said)), str(row.actor or ""),
            url=reverse("admin:partners_fulfilment_change", args=[fulfilment.pk]),
            colour=STEP_COLOURS.get(FulfilmentEvent.Kind(row.kind), ""),
        )


class Matches(RowsByInstant):
    """Every status that was matched, with how it stands now."""

    name = "status_matches"
    label = gettext_lazy("status matches")
    permission = "partners.view_statusmatch"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return StatusMatch.objects.filter(member=member_id).select_related("partner", "rule__tier", "actor")

    def told(self, row: StatusMatch, place: str) -> Moment:
        words = {"tier": row.rule.tier, "partner": row.partner, "there": row.rule.partner_tier}
        said = (row.get_state_display(), f"{row.valid_from:%Y-%m-%d} – {row.valid_until:%Y-%m-%d}")
        return Moment(
            row.at, place, _("Status match: %(tier)s, %(partner)s %(there)s") % words, " · ".join(said),
            str(row.actor or ""), row.reason, reverse("admin:partners_statusmatch_change", args=[row.pk]),
            COLOURS[StatusMatch.State(row.state)],
        )


SOURCES = (Steps, Matches)
