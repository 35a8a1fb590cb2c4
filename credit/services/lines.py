"""Credit lines: the lock that every change of one begins with, what may be drawn, and opening one for a card."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import DateField, DecimalField, F, Func, Value
from django.db.models.functions import Cast, Greatest
from django.utils.translation import gettext as _

from credit.errors import CardNotHeldError, LineExistsError, LineStateError
from credit.models import CreditLine, LineVersion
from credit.services.line_terms import check_terms
from credit.services.signatures import Signature, sign
from memberships.models import Subscription
from memberships.services.members import lock_member
from memberships.services.subscriptions import status_of
from operations.audit import because
from operations.models import Approval, User

Status = Subscription.Status
#: A card in which of these states may be given credit.
HELD = (Status.ACTIVE, Status.IN_GRACE)


def lock_line(line_id: int) -> CreditLine:
    """Lock a line and read it afresh. Only inside a transaction.

    The first statement of whatever draws on it, pays for it or changes it, so that two of them take turns. The lock
    leaves the key free: a row that only refers to the line need not wait. Raises CreditLine.DoesNotExist.
    """
    return CreditLine.objects.select_for_update(no_key=True).get(pk=line_id)


def lock_lines(line_ids: Iterable[int]) -> list[CreditLine]:
    """Lock many lines, in key order, and read them afresh. Only inside a transaction."""
    return list(CreditLine.objects.select_for_update(no_key=True).filter(pk__in=set(line_ids)).order_by("pk"))


# --- what a line allows

def limit_on(line: CreditLine, *, on: date) -> Decimal:
    """Limit of the version in force and the increases of that day; 0 before its first version."""
    limit = Func(
        F("pk"), Value(on, DateField()), function="credit_limit_on",
        output_field=DecimalField(max_digits=16, decimal_places=2),
    )
    return Decimal(CreditLine.objects.annotate(limit=limit).values_list("limit", flat=True).get(pk=line.pk))


def increases_from(line: CreditLine, *, since: date) -> Decimal:
    """The most that the line's increases come to on any day from a day on."""
    total = Func(
        F("pk"), Value(since, DateField()), function="credit_increases_from",
        output_field=DecimalField(max_digits=16, decimal_places=2),
    )
    return Decimal(CreditLine.objects.annotate(total=total).values_list("total", flat=True).get(pk=line.pk))


def available(line: CreditLine, *, on: date) -> Decimal:
    """What may still be drawn by the limit alone; below zero where the limit was lowered, or an increase is over."""
    return limit_on(line, on=on) - line.open_amount - line.authorised_amount


def version_on(line: CreditLine, *, on: date) -> LineVersion:
    """The version in force; LineStateError before the first one."""
    found = LineVersion.objects.in_force(on=on).filter(line=line).first()
    if found is None:
        raise LineStateError(_("The credit line does not begin before %(on)s.") % {"on": line.opened_on})
    return found


# --- opening one

@transaction.atomic
def open_line(
    subscription: Subscription, *, limit: Decimal, terms: Mapping[str, Any], on: date, at: datetime,
    actor: User | None, reason: str, checker: User | None = None, approval: Approval | None = None,
    review_on: date | None = None, evidence: Mapping[str, Any] | None = None,
) -> CreditLine:
    """Give a card its line, with its first version.

    Raises CardNotHeldError, LineExistsError, NoCreditOfferError, LineTermsError; TwoPeopleError, ReasonMissingError.
    """
    signature = sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    lock_member(subscription.member_id)
    if status_of(subscription, on=on) not in HELD:
        raise CardNotHeldError(_("The card “%(card)s” is not held on %(on)s.") % {"card": subscription, "on": on})
    check_terms(subscription.plan, limit=limit, terms=terms, on=on)
    there = CreditLine.objects.not_closed().filter(member=subscription.member_id, programme=subscription.programme_id)
    if line := there.first():
        raise LineExistsError(line)
    with because(reason, actor=actor):
        line = CreditLine.objects.create(
            member_id=subscription.member_id, programme_id=subscription.programme_id, subscription=subscription,
            opened_on=on, review_on=review_on,
        )
        add_version(line, limit=limit, terms=terms, starts_on=on, signature=signature, evidence=evidence)
    return line


def add_version(
    line: CreditLine, *, limit: Decimal, terms: Mapping[str, Any], starts_on: date, signature: Signature,
    evidence: Mapping[str, Any] | None = None,
) -> LineVersion:
    """The next version of a line, which is locked, or new."""
    last = LineVersion.objects.filter(line=line).order_by("-number").values_list("number", flat=True).first()
    return LineVersion.objects.create(
        line=line, member_id=line.member_id, number=(last or 0) + 1, limit=limit, terms=dict(terms),
        starts_on=starts_on, evidence=dict(evidence or {}), **signature,
    )


def end_limit(line: CreditLine, *, on: date, at: datetime, actor: User | None, reason: str) -> None:
    """Let a line, which is locked, have no limit from a day on: no later version of it, and no increase, has one."""
    signature = sign(actor=actor, checker=None, approval=None, reason=reason, at=at)
    later = line.versions.filter(starts_on__gt=on).values_list("starts_on", flat=True)
    for day in sorted({on, *later}):
        there = version_on(line, on=day)
        if there.limit:
            add_version(line, limit=Decimal(0), terms=there.terms, starts_on=day, signature=signature)
    last_day = Greatest(Value(on, DateField()), F("starts_on")) - timedelta(days=1)
    line.increases.filter(ends_on__gte=on).update(ends_on=Cast(last_day, DateField()))
