"""Maker and checker: what is over somebody's limit is asked for by one person and decided by another.

`ask` does at once what its maker may do alone, and makes a request of the rest. `approve` executes exactly what was
asked for, in the transaction that decides, or refuses when the record is another by then.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import structlog
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError, IntegrityError, InternalError, connection, transaction
from django.db.models import Model, Q, QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from operations import registry, roles
from operations.approvals import ApprovalAction, Measure, Outcome
from operations.audit import because
from operations.errors import ApprovalError, KeyConflictError, NotPermittedError, PlusdeskError
from operations.models import Approval, ApprovalLimit, User
from operations.proofs import demand_proof

log = structlog.get_logger(__name__)
#: What the data says no with, from whoever's hands: a record that is gone, a constraint, a trigger.
CONTRADICTIONS = (ObjectDoesNotExist, IntegrityError, DataError, InternalError)
State = Approval.State
DECIDE = "operations.decide_approval"
#: The limit of whom nothing limits.
NO_LIMIT = Decimal("Infinity")
TEXT = 200


# --- limits

def limit_of(user: User, action: ApprovalAction) -> Decimal | None:
    """Up to what amount the user does it alone: the highest of their groups' and the action's own; None: nothing.

    Superusers have the limits of the administrators: being mighty does not make them two people.
    """
    groups = Q(group__user=user)
    if user.is_superuser:
        groups |= Q(group__name=roles.ADMINISTRATOR.group)
    amounts = ApprovalLimit.objects.filter(groups, action=action.name).values_list("amount", flat=True)
    limits = [NO_LIMIT if amount is None else amount for amount in amounts]
    if action.alone is not None:
        limits.append(action.alone)
    return max(limits, default=None)


def refuse_nobody(action_name: str, payload: Mapping[str, Any]) -> None:
    """For commands that nobody put their name to: ApprovalError when it is more than anybody does alone."""
    for measure in registry.approval_actions.get(action_name).measures(payload):
        alone = registry.approval_actions.get(measure.limit).alone
        if _is_over(measure.amount, alone):
            raise ApprovalError(
                _("More than %(alone)s %(unit)s at once take two people: say who asks, with --user.")
                % {"alone": number_format(alone or 0), "unit": measure.unit}
            )


def takes_two(action: ApprovalAction, payload: Mapping[str, Any], *, actor: User) -> bool:
    """Whether `ask` would make a request of it."""
    return bool(over_limit(action, payload, actor=actor))


def over_limit(action: ApprovalAction, payload: Mapping[str, Any], *, actor: User) -> list[Measure]:
    """What of it is more than the actor does alone."""
    return [
        measure for measure in action.measures(payload)
        if _is_over(measure.amount, limit_of(actor, registry.approval_actions.get(measure.limit)))
    ]


def _is_over(amount: Decimal | None, limit: Decimal | None) -> bool:
    return amount is None or limit is None or abs(amount) > limit


# --- asking

def ask(
    action_name: str, payload: Mapping[str, Any], *, actor: User, reason: str, on: date, at: datetime,
    key: str | None = None,
) -> Outcome | Approval:
    """Do it at once where the maker's limit allows; else the request for it, which waits for another person.

    Of requests with the same key (by default: the same payload) one waits at most, and a repeat returns it.
    Raises NotPermittedError, KeyConflictError when the key waits with another payload, and what the action raises.
    """
    action = registry.approval_actions.get(action_name)
    text = _canonical(payload)
    payload = json.loads(text)
    if not actor.has_perm(action.permission_of(payload)):
        raise NotPermittedError(_("You may not do this."))
    if not reason.strip():
        raise ApprovalError(_("A request needs a reason."))
    demand_proof(at=at)
    with transaction.atomic(), because(reason, actor=actor):
        # Of two at once the later one is weighed with what the first one did.
        action.lock(payload)
        if not takes_two(action, payload, actor=actor):
            return action.execute(payload, actor=actor, checker=None, reason=reason, on=on, at=at)
        content_hash = _hash(action.name, text)
        key = key or f"{action.name}:{content_hash}"
        waiting = _waiting(key, content_hash, at=at)
        if waiting is not None:
            return waiting
        action.check(payload, actor=actor, on=on, at=at)
        request = _request(action, payload, actor=actor, reason=reason, on=on, at=at)
        request.payload_hash, request.key = content_hash, key
        return _insert(request, at=at)


def _canonical(payload: Mapping[str, Any]) -> str:
    """The one way to write a payload. TypeError or ValueError when it is more than JSON."""
    return json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _hash(action_name: str, text: str) -> str:
    return sha256(f"{action_name}\n{text}".encode()).hexdigest()


def _waiting(key: str, content_hash: str, *, at: datetime) -> Approval | None:
    """The request that waits under a key; one that is over is closed."""
    waiting = Approval.objects.waiting().filter(key=key).select_for_update().first()
    if waiting is not None and waiting.expires_at <= at:
        _close(waiting, State.EXPIRED, at=at)
        return None
    if waiting is not None and waiting.payload_hash != content_hash:
        raise KeyConflictError(key)
    return waiting


def _request(
    action: ApprovalAction, payload: Mapping[str, Any], *, actor: User, reason: str, on: date, at: datetime
) -> Approval:
    """A request with all that its maker and the record say of it, not saved."""
    (summary, figures), subject = _text(action, payload), action.subject(payload)
    texts = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            texts[language] = _text(action, payload)
    return Approval(
        action=action.name, payload=payload, summary=summary, figures=figures, texts=texts,
        subject_type=ContentType.objects.get_for_model(subject) if subject else None,
        subject_id=subject.pk if subject else None, seen=action.seen(payload), amount=action.amount(payload),
        maker=actor, reason=reason.strip()[:TEXT], requested_on=on, requested_at=at,
        expires_at=at + timedelta(days=settings.APPROVAL_DAYS),
    )


def _text(action: ApprovalAction, payload: Mapping[str, Any]) -> tuple[str, list[list[str]]]:
    """What it would do, in words and figures, in the language of the moment."""
    description = action.describe(payload)
    return description.summary[:500], [[str(label), str(value)] for label, value in description.figures]


def _insert(request: Approval, *, at: datetime) -> Approval:
    """Save it, or return the one that somebody else made of the same at the same moment."""
    try:
        with transaction.atomic():
            request.save(force_insert=True)
    except IntegrityError:
        waiting = _waiting(request.key, request.payload_hash, at=at)
        if waiting is None:
            raise
        return waiting
    return request


# --- deciding

def hindrance(approval: Approval, user: User, *, at: datetime) -> str:
    """Why this user cannot decide about a request, in words; blank when they can."""
    if approval.state != State.WAITING:
        return _("This request is “%(state)s” already.") % {"state": approval.get_state_display()}
    if approval.expires_at <= at:
        return _("This request has expired: it has to be made again.")
    if approval.maker_id == user.pk:
        return _("Who asked for it does not approve it: this takes another person.")
    if not may_decide(user, approval):
        return _("You may not decide about this request.")
    return ""


def may_decide(user: User, approval: Approval) -> bool:
    """Whether the user is an approver who may see the record concerned; the maker is another matter."""
    if not user.has_perm(DECIDE):
        return False
    kind = approval.subject_type
    return kind is None or user.has_perm(f"{kind.app_label}.view_{kind.model}")


def approve(approval: Approval, *, checker: User, decision: str, on: date, at: datetime) -> Approval:
    """Execute what was asked for, once, and nothing else; the request as it stands afterwards.

    It is refused, with nothing done, when its content or the record changed meanwhile, or when the service or the
    database refuses it. Raises ApprovalError or NotPermittedError when `checker` cannot decide about it; after an error
    of the program, or where the database could not do it just now, it goes on waiting.
    """
    with transaction.atomic():
        approval = _lock_to_decide(approval, checker, at=at)
        try:
            with transaction.atomic():
                outcome = _execute(approval, checker=checker, on=on, at=at)
                # What is checked at the end of the transaction would take the decision with it.
                connection.check_constraints()
        except (PlusdeskError, *CONTRADICTIONS) as error:
            approval.outcome = _why_refused(approval, error)[:500]
            return _decide(approval, State.REFUSED, checker, decision, at=at)
        approval.outcome, approval.result = outcome.words[:500], dict(outcome.data)
        return _decide(approval, State.EXECUTED, checker, decision, at=at)


def _why_refused(approval: Approval, error: Exception) -> str:
    if isinstance(error, PlusdeskError):
        return str(error)
    log.error("approval_failed", approval=approval.pk, action=approval.action, exc_info=error)
    if isinstance(error, ObjectDoesNotExist):
        return _("What the request is about is not there any more: nothing was done.")
    return _("It contradicts what is there by now: nothing was done.")


def reject(approval: Approval, *, checker: User, decision: str, at: datetime) -> Approval:
    """Decide that it is not done. Raises ApprovalError (also without a reason) or NotPermittedError."""
    with transaction.atomic():
        approval = _lock_to_decide(approval, checker, at=at)
        if not decision.strip():
            raise ApprovalError(_("Say why it is rejected."))
        return _decide(approval, State.REJECTED, checker, decision, at=at)


def withdraw(approval: Approval, *, actor: User, reason: str, at: datetime) -> Approval:
    """Take one's own request back. Raises ApprovalError when it is decided, NotPermittedError when it is another's."""
    with transaction.atomic():
        approval = _lock(approval)
        if approval.maker_id != actor.pk:
            raise NotPermittedError(_("Only who asked for it withdraws it."))
        if approval.state != State.WAITING:
            raise ApprovalError(hindrance(approval, actor, at=at))
        approval.decision = reason.strip()[:TEXT]
        with because(reason, actor=actor):
            return _close(approval, State.WITHDRAWN, at=at)


def expire_overdue(at: datetime) -> int:
    """Close the requests that nobody decided in time; how many. May be called at any time, by many at once."""
    with because(_("nobody decided in time")):
        return Approval.objects.overdue(at=at).update(state=State.EXPIRED, decided_at=at)


def _lock(approval: Approval) -> Approval:
    return Approval.objects.select_for_update(of=("self",)).select_related("maker", "subject_type").get(pk=approval.pk)


def _lock_to_decide(approval: Approval, checker: User, *, at: datetime) -> Approval:
    """The request, locked, if `checker` can decide about it."""
    approval = _lock(approval)
    words = hindrance(approval, checker, at=at)
    if not words:
        demand_proof(at=at)
        return approval
    raise (ApprovalError if may_decide(checker, approval) else NotPermittedError)(words)


def _execute(approval: Approval, *, checker: User, on: date, at: datetime) -> Outcome:
    """What the request asks for, if it is what it was."""
    action = registry.approval_actions.get(approval.action)
    if _hash(approval.action, _canonical(approval.payload)) != approval.payload_hash:
        raise ApprovalError(_("The content of the request is not what was asked for: nothing was done."))
    action.lock(approval.payload)
    if action.seen(approval.payload) != approval.seen:
        raise ApprovalError(_("The record has changed since the request was made: nothing was done."))
    if not approval.maker.has_perm(action.permission_of(approval.payload)):
        raise NotPermittedError(_("Who asked for it may not do this any more: nothing was done."))
    with because(approval.reason, actor=approval.maker, approval=approval.pk, approved_by=str(checker)):
        return action.execute(
            approval.payload, actor=approval.maker, checker=checker, reason=approval.reason, on=on, at=at
        )


def _decide(approval: Approval, state: str, checker: User, decision: str, *, at: datetime) -> Approval:
    approval.checker, approval.decision = checker, decision.strip()[:TEXT]
    with because(approval.decision, actor=checker):
        return _close(approval, state, at=at)


def _close(approval: Approval, state: str, *, at: datetime) -> Approval:
    approval.state, approval.decided_at = state, at
    approval.save(update_fields=["state", "decided_at", "checker", "decision", "outcome", "result"])
    return approval


# --- reading

def requests_about(*records: Model) -> list[Approval]:
    """The requests about these records that wait for a decision, newest first; one query."""
    of_kind: dict[int, list[int]] = defaultdict(list)
    for record in records:
        of_kind[ContentType.objects.get_for_model(record).pk].append(record.pk)
    about = Q(pk__in=[])
    for kind, keys in of_kind.items():
        about |= Q(subject_type=kind, subject_id__in=keys)
    found = Approval.objects.waiting().filter(about).select_related("maker", "subject_type")
    return list(found.order_by("-pk"))


def waiting_for(user: User, *, at: datetime) -> QuerySet[Approval]:
    """The requests that this user can decide now."""
    if not user.has_perm(DECIDE):
        return Approval.objects.none()
    found = Approval.objects.waiting().filter(expires_at__gt=at).exclude(maker=user)
    kinds = ContentType.objects.filter(pk__in=found.exclude(subject_type=None).values("subject_type"))
    seen = [kind.pk for kind in kinds if user.has_perm(f"{kind.app_label}.view_{kind.model}")]
    return found.filter(Q(subject_type=None) | Q(subject_type__in=seen))
