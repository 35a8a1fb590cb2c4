"""What credit tells a member's timeline: every entry of the ledger, and what became of lines' limits and terms."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.admin.display import OVERDUE_COLOURS
from credit.errors import money
from credit.models import CreditEntry, LineVersion, OverdueChange, OverdueState
from credit.services import statements
from operations.admin.timeline import Moment, RowsByInstant, RowsByKey

Kind = CreditEntry.Kind
#: What makes a firm owe more, what makes it owe less, and what should not have happened.
COLOURS = {
    Kind.INVOICE: "info", Kind.LATE_FEE: "warning", Kind.RECEIPT: "success", Kind.ALLOCATE: "success",
    Kind.BOUNCE: "danger", Kind.WRITE_OFF: "danger",
}


class Entries(RowsByKey):
    """Every entry of the ledger of credit."""

    name = "credit"
    label = gettext_lazy("Credit")
    permission = "credit.view_creditentry"

    def keys(self, member_id: int, *, before: int | None, size: int) -> list[int]:
        found = statements.rows("timeline/entries", member=member_id, before=before, size=size)
        return [key for (key,) in found]

    def rows(self, keys: Sequence[int]) -> QuerySet[Any]:
        return CreditEntry.objects.filter(pk__in=keys).select_related("invoice", "receipt", "actor", "checker")

    def told(self, row: CreditEntry, place: str) -> Moment:
        words = {"what": row.get_kind_display(), "amount": money(row.amount)}
        said = (str(row.invoice or ""), row.receipt.key if row.receipt else "")
        return Moment(
            row.at, place, _("Credit: %(what)s %(amount)s CNY") % words, " · ".join(filter(None, said)),
            _who(row.actor, row.checker), row.reason, reverse("admin:credit_creditentry_change", args=[row.pk]),
            COLOURS.get(Kind(row.kind), ""),
        )


def _who(maker: Any, checker: Any) -> str:
    """Who asked, and who approved."""
    return " / ".join(str(user) for user in (maker, checker) if user)


class Versions(RowsByInstant):
    """Every limit with its terms that was granted."""

    name = "credit_limits"
    label = gettext_lazy("credit limits")
    permission = "credit.view_creditline"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return LineVersion.objects.filter(line__member=member_id).select_related("line", "maker", "checker")

    def told(self, row: LineVersion, place: str) -> Moment:
        return Moment(
            row.at, place, _("Credit limit: %(amount)s CNY") % {"amount": money(row.limit)},
            _("from %(day)s on") % {"day": row.starts_on.isoformat()}, _who(row.maker, row.checker), row.reason,
            reverse("admin:credit_creditline_change", args=[row.line_id]), "info",
        )


class OverdueStates(RowsByInstant):
    """Every step of dunning, and back."""

    name = "overdue"
    label = gettext_lazy("overdue states")
    permission = "credit.view_creditline"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return OverdueChange.objects.filter(line__member=member_id)

    def told(self, row: OverdueChange, place: str) -> Moment:
        words = {"old": row.get_old_display(), "new": row.get_new_display()}
        return Moment(
            row.at, place, _("Overdue state: %(old)s → %(new)s") % words,
            _("overdue: %(amount)s CNY") % {"amount": money(row.overdue_amount)},
            url=reverse("admin:credit_creditline_change", args=[row.line_id]),
            colour=OVERDUE_COLOURS[OverdueState(row.new)],
        )


SOURCES = (Entries, Versions, OverdueStates)
