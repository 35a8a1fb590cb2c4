"""Exclusions: a blocking rule that does not stop a line's draws until a day."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import LineStateError, LineTermsError
from credit.models import BlockingExclusion, CreditLine
from credit.services.lines import lock_line
from credit.services.policies import policy_on
from credit.services.signatures import sign
from operations.audit import because
from operations.models import Approval, User


@transaction.atomic
def exclude_rule(
    line: CreditLine, rule: str, *, starts_on: date, ends_on: date, on: date, at: datetime, actor: User | None,
    reason: str, checker: User | None = None, approval: Approval | None = None,
) -> BlockingExclusion:
    """Let a rule of the policy, by its code, not stop the line's draws from a day to a day, both included.

    Of the same rule and days one is enough: a repeat returns it. Raises LineStateError, LineTermsError, TwoPeopleError,
    ReasonMissingError.
    """
    signature = sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    line = lock_line(line.pk)
    refuse_exclusion(line, rule, starts_on=starts_on, ends_on=ends_on, on=on)
    there = BlockingExclusion.objects.filter(line=line, rule=rule, starts_on=starts_on, ends_on=ends_on).first()
    if there is not None:
        return there
    with because(reason, actor=actor):
        return BlockingExclusion.objects.create(
            line=line, member_id=line.member_id, rule=rule, starts_on=starts_on, ends_on=ends_on, **signature
        )


def refuse_exclusion(line: CreditLine, rule: str, *, starts_on: date, ends_on: date, on: date) -> None:
    """Why there cannot be one: LineStateError, LineTermsError."""
    if line.state == CreditLine.State.CLOSED:
        raise LineStateError(_("The credit line is closed since %(day)s.") % {"day": line.closed_on})
    policy = policy_on(line.programme_id, on=on)
    if policy is None or rule not in {each["code"] for each in policy.blocking}:
        raise LineTermsError(_("There is no blocking rule “%(code)s”.") % {"code": rule})
    if not on <= starts_on <= ends_on:
        raise LineTermsError(_("An exclusion begins today or later, and ends on its first day or later."))
