"""What can happen to a line: another limit or terms from a day on, an increase for a time, suspension, review, closing.

Each locks the line first. Limits and terms are versions that only grow; what lowers them, stops draws, or ends
something before its time, is done alone; what raises them, or lets draws go on, goes through credit/line_approvals.py.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import KeyConflictError, LineStateError, LineTermsError, ReasonMissingError, money
from credit.models import CreditLine, LineVersion, TemporaryIncrease
from credit.services import statements
from credit.services.lapses import follow_cards
from credit.services.line_terms import ceiling, check_rule, check_terms
from credit.services.lines import add_version, increases_from, lock_line, version_on
from credit.services.policies import Offer, offer_of
from credit.services.signatures import refuse_one_person, sign
from memberships.models import Plan
from memberships.services.ranges import KeyRange
from operations.audit import because
from operations.models import Approval, User

# --- limit and terms

@transaction.atomic
def change_line(
    line: CreditLine, *, limit: Decimal | None = None, terms: Mapping[str, Any] | None = None, starts_on: date,
    on: date, at: datetime, actor: User | None, reason: str, checker: User | None = None,
    approval: Approval | None = None, evidence: Mapping[str, Any] | None = None,
) -> LineVersion:
    """Another limit, other terms, or both, from a day on, today or later; what was drawn before keeps its terms.

    The version of that day is the last one made for it. Raises LineStateError, LineTermsError, NoCreditOfferError,
    TwoPeopleError, ReasonMissingError.
    """
    signature = sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    line = lock_line(line.pk)
    refuse_change(line, limit=limit, terms=terms, starts_on=starts_on, on=on)
    there = version_on(line, on=starts_on)
    with because(reason, actor=actor):
        return add_version(
            line, limit=there.limit if limit is None else limit, terms=there.terms if terms is None else terms,
            starts_on=starts_on, signature=signature, evidence=evidence,
        )


def refuse_change(
    line: CreditLine, *, limit: Decimal | None, terms: Mapping[str, Any] | None, starts_on: date, on: date
) -> None:
    """Why limit and terms cannot become these: LineStateError, LineTermsError, NoCreditOfferError.

    What is kept or lowered need not be within the offer of today; a line that is over is not raised.
    """
    refuse_closed(line)
    if starts_on < on:
        raise LineTermsError(_("A limit changes today or later, not on %(day)s.") % {"day": starts_on})
    if limit is None and terms is None:
        raise LineTermsError(_("There is nothing to change: say a limit or terms."))
    there = version_on(line, on=starts_on)
    if terms is not None:
        check_rule(terms)
    is_raised = limit is not None and limit > there.limit
    if is_raised and (line.state != CreditLine.State.ACTIVE or line.closing_on is not None):
        raise LineStateError(_("The credit line is lapsed or being closed: it is not raised."))
    if is_raised or terms is not None:
        plan, raised = line.subscription.plan, limit if is_raised and limit is not None else Decimal(0)
        offer = check_terms(plan, limit=raised, terms=there.terms if terms is None else terms, on=starts_on)
        _refuse_over(plan, offer, raised + increases_from(line, since=starts_on) if is_raised else raised)
    elif limit is not None and limit < 0:
        raise LineTermsError(_("A limit is not below zero."))


# --- an increase for a time

@transaction.atomic
def raise_for_a_time(
    line: CreditLine, *, amount: Decimal, starts_on: date, ends_on: date, key: str, on: date, at: datetime,
    actor: User | None, reason: str, checker: User | None = None, approval: Approval | None = None,
) -> TemporaryIncrease:
    """So much more than the limit from a day to a day, both included; a repeat of the key returns the first one.

    Raises LineStateError, LineTermsError, KeyConflictError, TwoPeopleError, ReasonMissingError.
    """
    signature = sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    line = lock_line(line.pk)
    there = TemporaryIncrease.objects.filter(member=line.member_id, key=key).first()
    if there is not None:
        if (there.line_id, there.amount, there.starts_on) != (line.pk, amount, starts_on):
            raise KeyConflictError(key)
        return there
    refuse_increase(line, amount=amount, starts_on=starts_on, ends_on=ends_on, on=on)
    with because(reason, actor=actor):
        return TemporaryIncrease.objects.create(
            line=line, member_id=line.member_id, key=key, amount=amount, starts_on=starts_on, ends_on=ends_on,
            **signature,
        )


def refuse_increase(line: CreditLine, *, amount: Decimal, starts_on: date, ends_on: date, on: date) -> None:
    """Why a line cannot have an increase: LineStateError, LineTermsError, NoCreditOfferError.

    With it the line stays within its plan's cap on every one of its days.
    """
    if line.state != CreditLine.State.ACTIVE or line.closing_on is not None:
        raise LineStateError(_("The credit line is lapsed or being closed: it is not raised."))
    if amount <= 0 or amount != round(amount, 2):
        raise LineTermsError(_("An increase is an amount of more than nothing, in yuan and fen."))
    if not on <= starts_on <= ends_on:
        raise LineTermsError(_("An increase begins today or later, and ends on its first day or later."))
    plan = line.subscription.plan
    offer = offer_of(plan, on=on)
    _refuse_over(plan, offer, highest_limit(line, starts_on=starts_on, ends_on=ends_on) + amount)


def highest_limit(line: CreditLine, *, starts_on: date, ends_on: date) -> Decimal:
    """The most that a line may owe on any of these days, both included."""
    return highest_limits([line.pk], starts_on=starts_on, ends_on=ends_on)[line.pk]


def highest_limits(lines: Collection[int], *, starts_on: date, ends_on: date) -> dict[int, Decimal]:
    """The same of many lines, by one statement."""
    found = statements.rows("lines/highest_limits", lines=list(lines), first=starts_on, last=ends_on)
    return {line: Decimal(highest) for line, highest in found}


def _refuse_over(plan: Plan, offer: Offer, highest: Decimal) -> None:
    """LineTermsError where a line would come to more than its plan gives, increases included."""
    most = ceiling(plan, offer)
    if highest > most:
        words = _("With it the line comes to %(limit)s CNY; “%(plan)s” gives %(most)s CNY, increases included.")
        raise LineTermsError(words % {"limit": money(highest), "plan": plan, "most": money(most)})


# --- holding, reviewing, closing

@transaction.atomic
def suspend_line(line: CreditLine, *, on: date, actor: User | None, reason: str) -> CreditLine:
    """Stop new draws; what is open stays due. Again: the first suspension stays. LineStateError when closed."""
    line = lock_line(line.pk)
    refuse_closed(line)
    if line.suspended_on is not None:
        return line
    line.suspended_on, line.suspension_reason = on, _said(reason)[:200]
    return _save(line, "suspended_on", "suspension_reason", reason=reason, actor=actor)


@transaction.atomic
def resume_line(
    line: CreditLine, *, on: date, actor: User | None, reason: str, checker: User | None = None,
    approval: Approval | None = None,
) -> CreditLine:
    """Let draws go on. A line that is not suspended stays as it is. Raises TwoPeopleError, ReasonMissingError.

    Who approved it stands in the audit trail.
    """
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    line = lock_line(line.pk)
    if line.suspended_on is None:
        return line
    line.suspended_on, line.suspension_reason = None, ""
    return _save(line, "suspended_on", "suspension_reason", reason=reason, actor=actor)


@transaction.atomic
def set_review(
    line: CreditLine, *, review_on: date | None, on: date, actor: User | None, reason: str,
    checker: User | None = None, approval: Approval | None = None,
) -> CreditLine:
    """When the line is looked at next; None: never by itself. Raises what `refuse_review` does, TwoPeopleError.

    Who approved it stands in the audit trail.
    """
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    line = lock_line(line.pk)
    refuse_review(line, review_on=review_on, on=on)
    line.review_on = review_on
    return _save(line, "review_on", reason=reason, actor=actor)


def refuse_review(line: CreditLine, *, review_on: date | None, on: date) -> None:
    """LineStateError of a closed line, LineTermsError for a day in the past."""
    refuse_closed(line)
    if review_on is not None and review_on < on:
        raise LineTermsError(_("The next review is not in the past."))


@transaction.atomic
def close_line(line: CreditLine, *, on: date, at: datetime, actor: User | None, reason: str) -> CreditLine:
    """Ask for the line to be closed: no new draws from now on; it is closed once nothing is open or authorised.

    At once where nothing is. Again: the first day stays.
    """
    line = lock_line(line.pk)
    if line.state == CreditLine.State.CLOSED:
        return line
    if line.closing_on is None:
        line.closing_on = on
        _save(line, "closing_on", reason=reason, actor=actor)
    with because(_said(reason), actor=actor):
        follow_cards(KeyRange(line.pk, line.pk), on=on, at=at, actor=actor)
    return CreditLine.objects.get(pk=line.pk)


@transaction.atomic
def keep_line(
    line: CreditLine, *, on: date, actor: User | None, reason: str, checker: User | None = None,
    approval: Approval | None = None,
) -> CreditLine:
    """Take the wish to close a line back. Raises LineStateError when it is closed, TwoPeopleError, ReasonMissingError.

    Who approved it stands in the audit trail.
    """
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    line = lock_line(line.pk)
    refuse_closed(line)
    line.closing_on = None
    return _save(line, "closing_on", reason=reason, actor=actor)


def refuse_closed(line: CreditLine) -> None:
    """LineStateError."""
    if line.state == CreditLine.State.CLOSED:
        raise LineStateError(_("The credit line is closed since %(day)s.") % {"day": line.closed_on})


def _save(line: CreditLine, *fields: str, reason: str, actor: User | None) -> CreditLine:
    with because(_said(reason), actor=actor):
        line.save(update_fields=list(fields))
    return line


def _said(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissingError
    return reason.strip()
