"""What a second person approves of a programme file: that a revision takes effect."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import ProgrammeRevision
from memberships.services.revisions import APPLY_REVISION, approve_revision, hash_in_effect
from operations.approvals import ApprovalAction, Description, Outcome, Payload
from operations.models import User

#: As many changes stand in the request; the revision's page has all of them.
SHOWN = 50


class ApplyProgrammeRevision(ApprovalAction):
    """Payload: {"revision", "hash" of its content}. It always takes two people.

    It rests on the revision that is in effect: where that is another one meanwhile, the request is refused.
    """

    name = APPLY_REVISION
    label = gettext_lazy("bring a programme file into effect")
    permission = "memberships.submit_programmerevision"

    def amount(self, payload: Payload) -> Decimal | None:
        return None

    def describe(self, payload: Payload) -> Description:
        revision = self._revision(payload)
        summary = _("Programme file %(revision)s takes effect on %(day)s: %(count)s changes.") % {
            "revision": revision, "day": date_format(revision.effective_on, "SHORT_DATE_FORMAT"),
            "count": number_format(len(revision.changes)),
        }
        figures = enumerate(revision.changes[:SHOWN], start=1)
        return Description(summary, tuple((str(number), change["words"]) for number, change in figures))

    def subject(self, payload: Payload) -> Model | None:
        return self._revision(payload)

    def seen(self, payload: Payload) -> str:
        return hash_in_effect(self._revision(payload).code)

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        revision = approve_revision(
            self._revision(payload), document_hash=payload["hash"], on=on, at=at, actor=actor
        )
        words = (
            _("%(revision)s is in effect.")
            if revision.state == ProgrammeRevision.State.IN_EFFECT
            else _("%(revision)s takes effect on %(day)s.")
        )
        day = date_format(revision.effective_on, "SHORT_DATE_FORMAT")
        return Outcome(words % {"revision": revision, "day": day}, {"revision": revision.pk, "state": revision.state})

    @staticmethod
    def _revision(payload: Payload) -> ProgrammeRevision:
        return ProgrammeRevision.objects.get(pk=payload["revision"])
