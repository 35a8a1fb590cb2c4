"""What a second person approves of a programme file: that a revision takes effect."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import ProgrammeRevision
from memberships.services.revisions import APPLY_REVISION, approve_revision, approved_before, base_of, overtaken_by
from operations.approvals import ApprovalAction, Description, Outcome, Payload
from operations.models import User

#: As many changes stand in the request; the revision's page has all of them.
SHOWN = 50


class ApplyProgrammeRevision(ApprovalAction):
    """Payload: {"revision", "hash" of its content}. It always takes two people.

    It rests on the revision that will be in effect before it: where that is another one meanwhile, it is refused.
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
        changes = [(str(number), change["words"]) for number, change in figures]
        return Description(summary, (*self._neighbours(revision), *changes))

    @staticmethod
    def _neighbours(revision: ProgrammeRevision) -> Iterable[tuple[str, str]]:
        """What other approved files that still wait have to do with it."""
        before, overtaken = approved_before(revision), overtaken_by(revision)
        if before:
            yield _("Compared with"), _in_words(before)
        if overtaken:
            yield _("Will not take effect then"), ", ".join(_in_words(other) for other in overtaken)

    def subject(self, payload: Payload) -> Model | None:
        return self._revision(payload)

    def seen(self, payload: Payload) -> str:
        return base_of(self._revision(payload))

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


def _in_words(revision: ProgrammeRevision) -> str:
    day = date_format(revision.effective_on, "SHORT_DATE_FORMAT")
    return _("%(revision)s, which is to take effect on %(day)s") % {"revision": revision, "day": day}
