"""What memberships tell a member's timeline: changes of records, payments, points, tiers, notices, reveals."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.display import signed
from memberships.admin.payment_page import EVENT_COLOURS, money, words_of
from memberships.admin.points_page import KIND_COLOURS
from memberships.admin.sections import history_sources
from memberships.admin.tier_pages import KIND_COLOURS as TIER_COLOURS
from memberships.admin.tier_pages import evidence_of
from memberships.models import Member, MemberContact, Payment, PaymentEvent, PointsEntry, TierChange
from memberships.services import statements
from operations import registry
from operations.admin.history import Entry, read_history
from operations.admin.outbox import STATE_COLOURS
from operations.admin.timeline import Moment, RowsByInstant, RowsByKey, TimelineSource
from operations.models import Notice, OutboxMessage, Reveal


class Records(TimelineSource):
    """What was added, changed and removed of the member, and of what belongs to them, by the audit trail."""

    name = "records"
    label = gettext_lazy("changes of records")
    permission = "memberships.view_member"

    def moments(self, member_id: int, *, after: str, size: int) -> list[Moment]:
        history = read_history(history_sources(Member(pk=member_id)), before=after or None, size=size)
        return [
            Moment(
                entry.at, str(entry.cursor), capfirst(_in_words(entry)), who=_who(entry), why=entry.reason,
                changes=entry.changes, colour="",
            )
            for entry in history.entries
        ]


def _in_words(entry: Entry) -> str:
    words = {"insert": _("%(record)s added"), "delete": _("%(record)s removed")}
    return words.get(entry.label, _("%(record)s changed")) % {"record": entry.record}


def _who(entry: Entry) -> str:
    """A person, else the run or the import that did it."""
    return str(entry.actor or entry.run or entry.batch or "")


class Payments(RowsByInstant):
    """Every step of every payment and refund."""

    name = "payments"
    label = gettext_lazy("payments")
    permission = "memberships.view_payment"

    def rows(self, member_id: int) -> QuerySet[Any]:
        # By the member's payments: of events there is no index that begins with the member and holds all of them.
        payments = Payment.objects.filter(member=member_id).values("pk")
        return PaymentEvent.objects.filter(payment__in=payments).select_related("payment__plan", "actor")

    def told(self, row: PaymentEvent, place: str) -> Moment:
        payment = row.payment
        said = (money(row.amount if row.amount is not None else payment.amount), str(payment.plan), words_of(row.code))
        return Moment(
            row.at, place, _("Payment: %(what)s") % {"what": row.get_kind_display()}, " · ".join(filter(None, said)),
            str(row.actor or ""), row.reason, reverse("admin:memberships_payment_change", args=[payment.pk]),
            EVENT_COLOURS.get(PaymentEvent.Kind(row.kind), ""),
        )


class Points(RowsByKey):
    """Every entry of the points ledger; what an order brought is one of them."""

    name = "points"
    label = gettext_lazy("points")
    permission = "memberships.view_pointsentry"

    def keys(self, member_id: int, *, before: int | None, size: int) -> list[int]:
        found = statements.rows("member_page/points_entries", member=member_id, before=before, size=size)
        return [key for (key,) in found]

    def rows(self, keys: Sequence[int]) -> QuerySet[Any]:
        joined = ("enrolment__programme", "actor", "reason_code")
        return PointsEntry.objects.filter(pk__in=keys).select_related(*joined)

    def told(self, row: PointsEntry, place: str) -> Moment:
        wallet = row.enrolment
        qualifying = _("%(points)s qualifying") % {"points": signed(row.qualifying)} if row.qualifying else ""
        said = (str(wallet.programme), wallet.scope, qualifying, str(row.reason_code or ""), row.key)
        return Moment(
            row.at, place,
            _("Points: %(what)s %(points)s") % {"what": row.get_kind_display(), "points": signed(row.points)},
            " · ".join(filter(None, said)), str(row.actor or ""), row.reason,
            reverse("admin:memberships_enrolment_change", args=[wallet.pk]), KIND_COLOURS[PointsEntry.Kind(row.kind)],
        )


class Tiers(RowsByInstant):
    """Every change of a tier, with what it rests on."""

    name = "tiers"
    label = gettext_lazy("tiers")
    permission = "memberships.view_tierchange"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return TierChange.objects.filter(member=member_id).select_related("group", "from_tier", "to_tier", "actor")

    def told(self, row: TierChange, place: str) -> Moment:
        tiers = f"{row.from_tier} → {row.to_tier}" if row.from_tier else str(row.to_tier)
        return Moment(
            row.at, place, _("Tier: %(what)s") % {"what": tiers},
            " · ".join(filter(None, (row.get_kind_display(), row.get_cause_display(), evidence_of(row)))),
            str(row.actor or ""), row.reason, reverse("admin:memberships_tierchange_change", args=[row.pk]),
            TIER_COLOURS[TierChange.Kind(row.kind)],
        )


class Notices(RowsByInstant):
    """What the member was told, and how far that came."""

    name = "notices"
    label = gettext_lazy("notices")
    permission = "operations.view_notice"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return Notice.objects.filter(owner=member_id).select_related("message")

    def told(self, row: Notice, place: str) -> Moment:
        kind = registry.notices.find(row.kind)
        return Moment(
            row.at, place, _("Notice: %(what)s") % {"what": kind.label if kind else row.kind},
            f"{row.get_channel_display()} · {row.message.get_state_display()}",
            url=reverse("admin:operations_notice_change", args=[row.pk]),
            colour=STATE_COLOURS.get(OutboxMessage.State(row.message.state), ""),
        )


class Reveals(RowsByInstant):
    """Who looked at the member's contacts."""

    name = "reveals"
    label = gettext_lazy("looks at personal data")
    permission = "operations.view_reveal"
    at = "revealed_at"

    def rows(self, member_id: int) -> QuerySet[Any]:
        contacts = MemberContact.objects.filter(member=member_id).values("pk")
        model = MemberContact._meta.label_lower
        return Reveal.objects.filter(model=model, object_id__in=contacts).select_related("actor")

    def told(self, row: Reveal, place: str) -> Moment:
        column = MemberContact._meta.get_field(row.field).verbose_name  # type: ignore[union-attr]
        what = _("Looked at: %(field)s") % {"field": column}
        return Moment(row.revealed_at, place, what, who=str(row.actor), why=row.reason)


SOURCES = (Records, Payments, Points, Tiers, Notices, Reveals)
