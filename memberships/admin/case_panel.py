"""Case notes on a member's and a customer's page, and in the member's timeline."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.admin.case_actions import WRITE
from memberships.admin.case_notes import READ
from memberships.admin.display import today
from memberships.models import CaseNote
from operations.admin.dashboard import list_url
from operations.admin.panels import MemberPanel
from operations.admin.timeline import Moment, RowsByInstant
from operations.owners import number_of

#: Notes at the most; the list has more.
ROWS = 5
EXCERPT = 200


class CaseNotesPanel(MemberPanel):
    """The notes that stand, pinned ones first, then the newest."""

    name = "case_notes"
    permission = READ
    template = "memberships/case_panel.html"

    def context(self, request: HttpRequest, member_id: int) -> dict[str, Any]:
        standing = CaseNote.objects.filter(member=member_id, correction=None, erased_at=None)
        notes: list[Any] = list(
            standing.select_related("kind", "written_by").prefetch_related("attachments")
            .order_by("-is_pinned", "-pk")[: ROWS + 1]
        )
        for note in notes:
            note.is_due = note.is_to_follow_up and note.follow_up_on <= today()
        may_write = request.user.has_perm(WRITE)
        return {
            "notes": notes[:ROWS], "has_more": len(notes) > ROWS,
            "all_url": list_url(CaseNote, f"?q={number_of(member_id)}"),
            "write_url": reverse("admin:memberships_casenote_write", args=[member_id]) if may_write else "",
        }


class CaseNotes(RowsByInstant):
    """Every note, as its beginning."""

    name = "case_notes"
    label = gettext_lazy("case notes")
    permission = READ
    at = "written_at"

    def rows(self, member_id: int) -> QuerySet[Any]:
        return CaseNote.objects.filter(member=member_id).select_related("kind", "written_by")

    def told(self, row: CaseNote, place: str) -> Moment:
        what = _("Correction: %(kind)s") if row.corrects_id else _("Case note: %(kind)s")
        detail = Truncator(row.text).chars(EXCERPT) if row.erased_at is None else _("The note was erased.")
        return Moment(
            row.written_at, place, what % {"kind": row.kind}, detail, str(row.written_by),
            url=reverse("admin:memberships_casenote_change", args=[row.pk]),
        )
