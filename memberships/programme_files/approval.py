"""What a second person approves of a programme file: that a revision takes effect."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import ProgrammeRevision, TierGroup
from memberships.services.revision_bases import base_hash, neighbours
from memberships.services.revisions import APPLY_REVISION, approve_revision
from memberships.services.what_ifs import current, forecast_of
from operations.approvals import ApprovalAction, Description, Outcome, Payload
from operations.dates import business_date
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
        figures = enumerate(revision.told()[:SHOWN], start=1)
        changes = [(str(number), change["words"]) for number, change in figures]
        others = neighbours(revision.code, on=revision.effective_on)
        return Description(summary, (*others, *self._what_if(revision), *changes))

    @staticmethod
    def _what_if(revision: ProgrammeRevision) -> Iterable[tuple[str, str]]:
        """What it makes of the members' tiers, as far as that is counted; the request's page shows all of it."""
        what_if = current(revision, on=revision.effective_on)
        if what_if is None or what_if.counted_at is None:
            return
        for ladder in forecast_of(what_if).ladders:
            label = _("Tiers of “%(ladder)s”, computed on %(day)s") % {
                "ladder": TierGroup(name=ladder.name, name_en=ladder.name_en),
                "day": date_format(business_date(what_if.counted_at), "SHORT_DATE_FORMAT"),
            }
            figures = {kind: number_format(members) for kind, members in ladder.totals.items()}
            yield label, _("%(stay)s stay, %(up)s up, %(down)s down, %(first)s get their first tier") % figures

    def subject(self, payload: Payload) -> Model | None:
        return self._revision(payload)

    def seen(self, payload: Payload) -> str:
        revision = self._revision(payload)
        return base_hash(revision.code, on=revision.effective_on)

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
