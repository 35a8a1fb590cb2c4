"""Revisions of a programme: drafted from a file, submitted to a second person, in effect on their day.

    draft --submit_revision--> submitted --the approval--> approved --its day--> in effect --the next one--> superseded

What is in effect is never edited: who wants the former state back rolls back, which is a new revision. A revision whose
request came to nothing (rejected, withdrawn, expired, refused) is a draft again when somebody takes it up.

A file says all of its programme, so a revision is compared with the one that will be in effect before it: its base. If
another one comes in between, what the approver read is true no more: on its day it does not take effect but is left
out, with a note, until somebody takes it up.
"""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from memberships.errors import RevisionBaseError, RevisionStateError
from memberships.models import ProgrammeRevision
from memberships.programme_files.documents import (
    Document,
    apply_document,
    find_programme,
    kept_document,
    read_document,
)
from memberships.programme_files.writing import write_document
from memberships.services.revision_bases import base_hash, foresee_changes, foretell_changes, hash_in_effect
from memberships.services.what_ifs import ask_about_revision, is_of_another_day
from operations.audit import because
from operations.models import Approval, User
from operations.services.approvals import ask

State = ProgrammeRevision.State
#: The approval action by which a revision takes effect (memberships/approvals.py registers it).
APPLY_REVISION = "apply_programme_revision"


@transaction.atomic
def draft_revision(
    document: Document, *, effective_on: date, on: date, at: datetime, actor: User | None, note: str = "",
    rolled_back_to: ProgrammeRevision | None = None,
) -> ProgrammeRevision:
    """Keep a file as the programme's next revision, and have its what-if counted; nothing takes effect yet.

    Raises ProgrammeFileError where the programme cannot become what it says.
    """
    day = max(effective_on, on)
    changes = foretell_changes(document, on=day)
    number = _lock_revisions(document.code)
    with because(note or "programme file", actor=actor):
        revision = ProgrammeRevision.objects.create(
            code=document.code, programme=find_programme(document), number=number + 1, source=_source(document),
            document=document.content, document_hash=document.hash, changes=changes,
            effective_on=day, rolled_back_to=rolled_back_to, made_by=actor, made_at=at, note=note[:200],
        )
    ask_about_revision(revision, on=on, at=at, actor=actor)
    return revision


def _lock_revisions(code: str) -> int:
    """The highest number of a programme's revisions.

    The first one is locked, so that numbers are given in turn and what a revision is compared with stays the same.
    """
    ProgrammeRevision.objects.select_for_update().filter(code=code).order_by("number").only("pk").first()
    return ProgrammeRevision.objects.filter(code=code).aggregate(highest=Max("number"))["highest"] or 0


def _source(document: Document) -> str:
    """The file's text; written anew for a document that was made otherwise."""
    return document.source or write_document(document)


@transaction.atomic
def edit_draft(
    revision: ProgrammeRevision, document: Document, *, effective_on: date, on: date, at: datetime, actor: User | None,
    note: str = "",
) -> ProgrammeRevision:
    """Put another file in the place of a draft's, or another day; its what-if is counted anew.

    Raises ProgrammeFileError, RevisionStateError.
    """
    revision = _lock(revision)
    if revision.state != State.DRAFT:
        raise RevisionStateError(_("%(revision)s is no draft any more: make a new revision.") % {"revision": revision})
    if document.code != revision.code:
        raise RevisionStateError(
            _("%(revision)s cannot become a file of “%(code)s”.") % {"revision": revision, "code": document.code}
        )
    day = max(effective_on, on)
    changes = foretell_changes(document, on=day)
    revision.source, revision.document, revision.document_hash = _source(document), document.content, document.hash
    revision.effective_on, revision.changes, revision.note = day, changes, note[:200]
    with because("draft edited", actor=actor):
        revision.save()
    ask_about_revision(revision, on=on, at=at, actor=actor)
    return revision


@transaction.atomic
def submit_revision(
    revision: ProgrammeRevision, *, reason: str, on: date, at: datetime, actor: User
) -> ProgrammeRevision:
    """Ask for the approval of a draft; it always takes a second person. What it would change is told anew.

    Its what-if is counted anew where the one that there is is about another file, base or day, or was counted on
    another business date than this one.

    Raises RevisionStateError, ProgrammeFileError, and what `ask` raises.
    """
    revision = _lock_in_order(revision)
    if revision.state != State.DRAFT:
        raise RevisionStateError(_("%(revision)s is no draft any more: make a new revision.") % {"revision": revision})
    document = kept_document(revision.document)
    revision.effective_on = max(revision.effective_on, on)
    revision.changes = foretell_changes(document, on=revision.effective_on)
    if not revision.changes:
        raise RevisionStateError(_("Nothing would change: the programme is as the file says."))
    revision.state = State.SUBMITTED
    revision.base_hash = base_hash(revision.code, on=revision.effective_on)
    with because(reason, actor=actor):
        revision.save()
        ask_about_revision(revision, on=on, at=at, actor=actor, anew=is_of_another_day(revision, on=on))
        request = ask(
            APPLY_REVISION, {"revision": revision.pk, "hash": revision.document_hash}, actor=actor, reason=reason,
            on=on, at=at, key=f"{APPLY_REVISION}:{revision.pk}",
        )
        assert isinstance(request, Approval)
        revision.approval = request
        revision.save(update_fields=["approval"])
    return revision


def is_turned_down(revision: ProgrammeRevision) -> bool:
    """Whether its request came to nothing, or it was left out on its day."""
    if revision.left_out:
        return True
    request = revision.approval
    return revision.state == State.SUBMITTED and request is not None and request.state not in (
        Approval.State.WAITING, Approval.State.EXECUTED
    )


@transaction.atomic
def take_up_again(revision: ProgrammeRevision, *, actor: User | None) -> ProgrammeRevision:
    """Make a draft of a revision that was turned down or left out. Raises RevisionStateError."""
    revision = _lock(revision)
    if not is_turned_down(revision):
        raise RevisionStateError(_("%(revision)s was not turned down.") % {"revision": revision})
    revision.state, revision.left_out = State.DRAFT, ""
    with because("taken up again", actor=actor):
        revision.save(update_fields=["state", "left_out"])
    return revision


@transaction.atomic
def discard_revision(revision: ProgrammeRevision, *, reason: str, actor: User | None) -> ProgrammeRevision:
    """Put a draft away, or an approved revision whose day has not come. Raises RevisionStateError."""
    revision = _lock(revision)
    if revision.state not in (State.DRAFT, State.APPROVED) and not is_turned_down(revision):
        raise RevisionStateError(
            _("%(revision)s is “%(state)s”.") % {"revision": revision, "state": revision.get_state_display()}
        )
    revision.state, revision.left_out = State.REJECTED, ""
    with because(reason, actor=actor):
        revision.save(update_fields=["state", "left_out"])
    return revision


@transaction.atomic
def approve_revision(
    revision: ProgrammeRevision, *, document_hash: str, on: date, at: datetime, actor: User | None
) -> ProgrammeRevision:
    """What the approval does: a revision whose day has come takes effect, another waits for the night of its day.

    Raises RevisionStateError when it is not what was submitted, RevisionBaseError when another one comes before it
    meanwhile, ProgrammeFileError when it cannot take effect.
    """
    revision = _lock_in_order(revision)
    if revision.state != State.SUBMITTED or revision.document_hash != document_hash:
        raise RevisionStateError(
            _("%(revision)s is “%(state)s”.") % {"revision": revision, "state": revision.get_state_display()}
        )
    if base_hash(revision.code, on=revision.effective_on) != revision.base_hash:
        raise RevisionBaseError(revision)
    if revision.effective_on > on:
        foresee_changes(kept_document(revision.document), on=revision.effective_on)
    revision.state = State.APPROVED
    revision.save(update_fields=["state"])
    if revision.effective_on > on:
        return revision
    return take_effect(revision, on=on, at=at, actor=actor)


@transaction.atomic
def take_effect(revision: ProgrammeRevision, *, on: date, at: datetime, actor: User | None) -> ProgrammeRevision:
    """Make the programme what an approved revision says, from its day on, or from `on` if that is gone by.

    All of it or nothing. A repeat changes nothing. Raises RevisionStateError, ProgrammeFileError, and RevisionBaseError
    when what is in effect is not what it was compared with: see `leave_out`.
    """
    revision = _lock_in_order(revision)
    if revision.state == State.IN_EFFECT:
        return revision
    if revision.state != State.APPROVED or revision.effective_on > on:
        raise RevisionStateError(_("%(revision)s cannot take effect on %(day)s.") % {"revision": revision, "day": on})
    if hash_in_effect(revision.code) != revision.base_hash:
        raise RevisionBaseError(revision)
    document = kept_document(revision.document)
    with because(_("programme revision %(revision)s") % {"revision": revision}, actor=actor):
        programme = apply_document(document, on=on, actor=actor)
        ProgrammeRevision.objects.filter(code=revision.code, state=State.IN_EFFECT).update(state=State.SUPERSEDED)
        revision.state, revision.programme, revision.applied_at = State.IN_EFFECT, programme, at
        revision.effective_on = on
        revision.save(update_fields=["state", "programme", "applied_at", "effective_on"])
    return revision


@transaction.atomic
def leave_out(revision: ProgrammeRevision, *, why: str, actor: User | None) -> ProgrammeRevision:
    """Say why an approved revision did not take effect on its day; it can be taken up again. RevisionStateError."""
    revision = _lock(revision)
    if revision.state != State.APPROVED:
        raise RevisionStateError(
            _("%(revision)s is “%(state)s”.") % {"revision": revision, "state": revision.get_state_display()}
        )
    revision.state, revision.left_out = State.REJECTED, why[:500]
    with because("left out", actor=actor):
        revision.save(update_fields=["state", "left_out"])
    return revision


def roll_back(
    to: ProgrammeRevision, *, effective_on: date, on: date, at: datetime, actor: User | None
) -> ProgrammeRevision:
    """A draft that takes up the content of an earlier revision again. Raises ProgrammeFileError."""
    if to.state not in (State.SUPERSEDED, State.IN_EFFECT):
        raise RevisionStateError(_("%(revision)s was never in effect.") % {"revision": to})
    document = read_document(to.source, name=str(to))
    note = _("rolled back to %(revision)s") % {"revision": to}
    return draft_revision(
        document, effective_on=effective_on, on=on, at=at, actor=actor, note=note, rolled_back_to=to
    )


def _lock(revision: ProgrammeRevision) -> ProgrammeRevision:
    return ProgrammeRevision.objects.select_for_update(of=("self",)).select_related("approval").get(pk=revision.pk)


def _lock_in_order(revision: ProgrammeRevision) -> ProgrammeRevision:
    """The revision, locked after the programme's first one: nothing else comes into effect or is approved meanwhile."""
    _lock_revisions(revision.code)
    return _lock(revision)
