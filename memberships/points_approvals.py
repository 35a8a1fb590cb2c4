"""What of a wallet takes two people over a limit: to put off the end of points, give expired ones again, reverse."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.errors import PointsExtensionError
from memberships.models import Enrolment, PointsEntry
from memberships.services.points_booking import lock_wallet
from memberships.services.points_expiry import ending_lots
from memberships.services.points_extensions import extend_points, refuse_extension
from memberships.services.points_reinstatement import refuse_reinstatement, reinstate_points
from memberships.services.points_reversal import Prospect, foresee_reversal, reverse_entry
from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.models import User


class WalletAction(ApprovalAction):
    """Something that is done to a wallet; its page shows the request."""

    unit = gettext_lazy("points")

    @staticmethod
    def wallet(payload: Payload) -> Enrolment:
        return Enrolment.objects.select_related("member", "programme").get(pk=payload["wallet"])

    def subject(self, payload: Payload) -> Model | None:
        return self.wallet(payload)

    def lock(self, payload: Payload) -> None:
        lock_wallet(payload["wallet"])


class EntryAction(WalletAction):
    """Something that is done to an entry of a wallet; the amount is its points."""

    @staticmethod
    def entry(payload: Payload) -> PointsEntry:
        return PointsEntry.objects.select_related("enrolment__member").get(
            pk=payload["entry"], enrolment=payload["wallet"]
        )

    def amount(self, payload: Payload) -> Decimal | None:
        return Decimal(abs(self.entry(payload).points))

    def seen(self, payload: Payload) -> str:
        entry = self.entry(payload)
        return fingerprint(entry.pk, list(entry.reversals.order_by("pk").values_list("pk", flat=True)))


class ExtendPoints(WalletAction):
    """Payload: {"wallet", "ending_by", "to_date", "key", "seen_on"}; the amount is the points that are put off."""

    name = "extend_points"
    label = gettext_lazy("put off the end of points")
    permission = "memberships.extend_points"

    @staticmethod
    def payload_of(wallet: Enrolment, *, ending_by: date, to_date: date, key: str, on: date) -> dict[str, Any]:
        """What putting off what ends by a day to another is, as it was seen on a day."""
        days = {"ending_by": ending_by, "to_date": to_date, "seen_on": on}
        return {"wallet": wallet.pk, "key": key, **{name: day.isoformat() for name, day in days.items()}}

    def amount(self, payload: Payload) -> Decimal | None:
        return Decimal(sum(lot.remaining for lot in self._lots(payload)))

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_extension(self.wallet(payload), **_days(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        lots = self._lots(payload)
        points = number_format(sum(lot.remaining for lot in lots))
        days = _days(payload)
        summary = _("%(points)s points of member %(member)s that end by %(by)s end on %(to)s.") % {
            "points": points, "member": self.wallet(payload), "by": days["ending_by"], "to": days["to_date"],
        }
        return Description(summary, (
            (_("Points"), points), (_("Lots"), number_format(len(lots))), (_("End by"), str(days["ending_by"])),
            (_("New day"), str(days["to_date"])),
        ))

    def seen(self, payload: Payload) -> str:
        return fingerprint([(lot.pk, lot.remaining, lot.ends_on) for lot in self._lots(payload)])

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        if [lot.pk for lot in self._lots(payload, on=on)] != [lot.pk for lot in self._lots(payload)]:
            raise PointsExtensionError(_("Some of these points are over by now."))
        done = extend_points(
            self.wallet(payload), **_days(payload), key=payload["key"], on=on, at=at, actor=actor, reason=reason
        )
        words = _("%(points)s points end on %(day)s now.") % {
            "points": number_format(done.points), "day": done.to_date
        }
        return Outcome(words, {"lots": done.lots, "points": done.points})

    def _lots(self, payload: Payload, *, on: date | None = None) -> list[Any]:
        """What would be put off, on a day, or when it was asked for."""
        by, seen_on = _days(payload)["ending_by"], date.fromisoformat(payload["seen_on"])
        return list(ending_lots(self.wallet(payload), by=by, on=on or seen_on))


class ReinstatePoints(EntryAction):
    """Payload: {"wallet", "entry": what expired them, "expires_on": a day or null}."""

    name = "reinstate_points"
    label = gettext_lazy("give expired points again")
    permission = "memberships.reinstate_points"

    @staticmethod
    def payload_of(entry: PointsEntry, *, expires_on: date | None) -> dict[str, Any]:
        """What giving again what an entry expired is."""
        day = expires_on.isoformat() if expires_on else None
        return {"wallet": entry.enrolment_id, "entry": entry.pk, "expires_on": day}

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_reinstatement(self.entry(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        entry, day = self.entry(payload), payload["expires_on"] or _("never")
        points = number_format(-entry.points)
        summary = _("Give member %(member)s again %(points)s points that expired on %(on)s; they expire: %(day)s.") % {
            "member": entry.enrolment, "points": points, "on": entry.on, "day": day
        }
        return Description(summary, ((_("Points"), points), (_("Expired on"), str(entry.on)), (_("Expire"), day)))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        day = payload["expires_on"]
        entry = reinstate_points(
            self.entry(payload), expires_on=date.fromisoformat(day) if day else None, on=on, at=at, actor=actor,
            reason=reason,
        )
        words = _("%(points)s points were given again.") % {"points": number_format(entry.points)}
        return Outcome(words, {"entry": entry.pk})


class ReversePoints(EntryAction):
    """Payload: {"wallet", "entry": an award or a spend, "key", "seen_on"}.

    Awards are taken back by the programme's policy. What would come of it is said when it is asked for; a change in the
    wallet refuses it only where something else would come of it.
    """

    name = "reverse_points"
    label = gettext_lazy("reverse a points entry")
    permission = "memberships.reverse_points"

    @staticmethod
    def payload_of(entry: PointsEntry, *, key: str, on: date) -> dict[str, Any]:
        """What reversing an entry is, as it was seen on a day."""
        return {"wallet": entry.enrolment_id, "entry": entry.pk, "key": key, "seen_on": on.isoformat()}

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        foresee_reversal(self.entry(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        entry, prospect = self.entry(payload), self._prospect(payload)
        points = number_format(abs(entry.points))
        words = (
            _("Give member %(member)s back %(points)s points that were spent on %(on)s.")
            if entry.kind == PointsEntry.Kind.SPEND
            else _("Take back from member %(member)s an award of %(points)s points of %(on)s.")
        )
        summary = words % {"member": entry.enrolment, "points": points, "on": entry.on}
        return Description(summary, (
            (_("Points"), points), (_("Left to be reversed"), number_format(prospect.left)),
            (_("Would be taken or given back"), number_format(prospect.moved)),
            (_("Not there any more"), number_format(prospect.missing)), (_("Key"), entry.key),
            (_("Business date"), str(entry.on)),
        ))

    def seen(self, payload: Payload) -> str:
        return fingerprint(super().seen(payload), tuple(self._prospect(payload)))

    def _prospect(self, payload: Payload) -> Prospect:
        return foresee_reversal(self.entry(payload), on=date.fromisoformat(payload["seen_on"]))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        done = reverse_entry(self.entry(payload), key=payload["key"], on=on, at=at, actor=actor, reason=reason)
        return Outcome(_reversed_in_words(done.entry.points, done.missing), {"entry": done.entry.pk})


def _reversed_in_words(points: int, missing: int) -> str:
    if points > 0:
        return _("%(points)s points were given back.") % {"points": number_format(points)}
    if missing:
        return _("%(points)s points were taken back; %(missing)s were not there any more.") % {
            "points": number_format(-points), "missing": number_format(missing)
        }
    return _("%(points)s points were taken back.") % {"points": number_format(-points)}


def _days(payload: Payload) -> dict[str, date]:
    return {name: date.fromisoformat(payload[name]) for name in ("ending_by", "to_date")}
