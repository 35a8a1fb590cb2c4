"""What takes two people of pauses: one that begins before the day on which it is asked for, or that is long."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.approvals import CreditAction
from credit.models import CreditLine, Invoice
from credit.services.lines import lock_line
from credit.services.overdue_pauses import days_alone, is_backdated, pause_overdue, refuse_pause
from operations.approvals import Description, Outcome, Payload, fingerprint
from operations.models import User

#: So many days a line is paused without a second person, one pause after the other: as long a firm hears of nothing,
#: and pays no late fee.
LONGEST_ALONE = 31


class PauseOverdue(CreditAction):
    """Payload: {"line", "invoice" or null, "starts_on", "ends_on", "key", "seen_on"}.

    One that begins today or later, and comes to LONGEST_ALONE days at the most with those beside it, is done at once.
    Nobody takes states back alone:
    it has no limits. Draws are stopped by what is overdue, paused or not.
    """

    name = "pause_overdue"
    label = gettext_lazy("pause overdue states")
    unit = gettext_lazy("days back")
    permission = "credit.pause_overdue"
    alone = Decimal(0)
    has_limits = False

    @staticmethod
    def payload_of(
        line: CreditLine, *, starts_on: date, ends_on: date, key: str, on: date, invoice: Invoice | None = None
    ) -> dict[str, object]:
        """What pausing a line or an invoice of it is, as it was seen on a day."""
        return {
            "line": line.pk, "invoice": invoice and invoice.pk, "key": key, "starts_on": starts_on.isoformat(),
            "ends_on": ends_on.isoformat(), "seen_on": on.isoformat(),
        }

    def amount(self, payload: Payload) -> Decimal | None:
        """None, so that it takes two, where it begins before the day it was asked for, or is long."""
        first, last = _day(payload, "starts_on"), _day(payload, "ends_on")
        is_long = days_alone(self._line(payload), starts_on=first, ends_on=last) > LONGEST_ALONE
        return None if is_long or is_backdated(first, on=_day(payload, "seen_on")) else Decimal(0)

    def subject(self, payload: Payload) -> Model | None:
        return self._line(payload)

    def lock(self, payload: Payload) -> None:
        lock_line(payload["line"])

    def seen(self, payload: Payload) -> str:
        line = self._line(payload)
        return fingerprint(line.pk, list(line.pauses.order_by("pk").values_list("pk", "ends_on")))

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_pause(
            self._line(payload), starts_on=_day(payload, "starts_on"), ends_on=_day(payload, "ends_on"),
            invoice=self._invoice(payload),
        )

    def describe(self, payload: Payload) -> Description:
        line, invoice = self._line(payload), self._invoice(payload)
        days = {"first": payload["starts_on"], "last": payload["ends_on"]}
        words = (
            _("Pause invoice %(invoice)s of member %(member)s from %(first)s to %(last)s: these days do not count.")
            if invoice
            else _("Pause the overdue states of member %(member)s from %(first)s to %(last)s: these days do not count.")
        )
        return Description(words % {"member": line, "invoice": invoice, **days}, (
            (_("From"), days["first"]), (_("until (last day)"), days["last"]),
            (_("Overdue state"), str(line.get_overdue_state_display())),
            (_("Overdue (CNY)"), str(line.overdue_amount)),
        ))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        pause = pause_overdue(
            self._line(payload), starts_on=_day(payload, "starts_on"), ends_on=_day(payload, "ends_on"),
            key=payload["key"], reason=reason, on=on, at=at, actor=actor, invoice=self._invoice(payload),
            checker=checker, approval=self.approval_of(checker),
        )
        words = _("Days from %(first)s to %(last)s do not count as overdue.")
        return Outcome(words % {"first": pause.starts_on, "last": pause.ends_on}, {"pause": pause.pk})

    @staticmethod
    def _line(payload: Payload) -> CreditLine:
        return CreditLine.objects.select_related("member").get(pk=payload["line"])

    @staticmethod
    def _invoice(payload: Payload) -> Invoice | None:
        return Invoice.objects.get(pk=payload["invoice"]) if payload["invoice"] else None


def _day(payload: Payload, name: str) -> date:
    return date.fromisoformat(payload[name])
