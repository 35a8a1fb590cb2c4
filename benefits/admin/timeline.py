"""What benefits tell a member's timeline: uses and returns, what was chosen, what was given and ended."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.admin.display import GRANT_COLOURS, days_in_words, price_in_words
from benefits.models import Choice, Grant, Redemption
from operations.admin.timeline import Moment, RowsByInstant


class Redemptions(RowsByInstant):
    """Every use of a benefit."""

    name = "redemptions"
    label = gettext_lazy("uses of benefits")
    permission = "benefits.view_redemption"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return Redemption.objects.filter(member=member_id).select_related("benefit", "actor")

    def told(self, row: Redemption, place: str) -> Moment:
        quantity = f"× {row.quantity}" if row.quantity > 1 else ""
        said = (quantity, row.asked_category, price_in_words(points=row.points, price=row.price), row.order_number)
        return Moment(
            row.at, place, _("Used: %(benefit)s") % {"benefit": row.benefit}, " · ".join(filter(None, said)),
            str(row.actor or ""), row.reason, _page(row), "info",
        )


class Returns(RowsByInstant):
    """Every use that was taken back."""

    name = "returns"
    label = gettext_lazy("uses taken back")
    permission = "benefits.view_redemption"
    at = "returned_at"

    def rows(self, member_id: int) -> QuerySet[Any]:
        taken_back = Redemption.objects.filter(member=member_id, state=Redemption.State.RETURNED)
        return taken_back.select_related("benefit", "returned_by")

    def told(self, row: Redemption, place: str) -> Moment:
        assert row.returned_at is not None
        return Moment(
            row.returned_at, place, _("Taken back: %(benefit)s") % {"benefit": row.benefit},
            price_in_words(points=row.points, price=row.price), str(row.returned_by or ""), row.return_reason,
            _page(row), "warning",
        )


def _page(row: Redemption) -> str:
    return reverse("admin:benefits_redemption_change", args=[row.pk])


class Choices(RowsByInstant):
    """What the member chose, and exchanged."""

    name = "choices"
    label = gettext_lazy("choices")
    permission = "benefits.view_choice"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return Choice.objects.filter(member=member_id).select_related("benefit", "group", "replaces__benefit", "actor")

    def told(self, row: Choice, place: str) -> Moment:
        words = (
            _("Exchanged: %(old)s → %(new)s") % {"old": row.replaces.benefit, "new": row.benefit} if row.replaces
            else _("Chosen: %(benefit)s") % {"benefit": row.benefit}
        )
        by_itself = _("by default") if row.is_default else ""
        return Moment(
            row.at, place, words, " · ".join(filter(None, (str(row.group), by_itself))), str(row.actor or ""),
            row.reason, reverse("admin:benefits_choice_change", args=[row.pk]),
        )


class Grants(RowsByInstant):
    """What was given, with how it stands now."""

    name = "grants"
    label = gettext_lazy("benefits given")
    permission = "benefits.view_grant"
    at = "given_at"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return Grant.objects.filter(member=member_id).select_related("benefit")

    def told(self, row: Grant, place: str) -> Moment:
        said = [days_in_words(row.valid_from, row.valid_until), row.get_state_display()]
        if row.ended_on:
            said.append(_("ended on %(day)s") % {"day": row.ended_on.isoformat()})
        return Moment(
            row.given_at, place, _("Given: %(benefit)s") % {"benefit": row.benefit}, " · ".join(map(str, said)),
            why=row.end_reason, url=reverse("admin:benefits_grant_change", args=[row.pk]),
            colour=GRANT_COLOURS[Grant.State(row.state)],
        )


SOURCES = (Redemptions, Returns, Choices, Grants)
