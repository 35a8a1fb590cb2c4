"""Requests for credit, by hand: a firm asks for a limit and a term; a request grants nothing."""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import DecisionError, LineTermsError
from memberships.models import CreditRequest, Member
from memberships.models.programmes import Audience
from memberships.services.members import lock_member
from operations.audit import because
from operations.models import User


@transaction.atomic
def request_credit(
    member: Member, *, limit: Decimal | None, term_days: int | None, on: date, actor: User | None
) -> CreditRequest:
    """Note what a firm asks for. The open request says it, where there is one: a firm has one at most.

    Raises LineTermsError for persons, members that are closed, and requests of nothing.
    """
    member = lock_member(member.pk)
    if member.kind != Audience.ENTERPRISE or not Member.objects.open(on=on).filter(pk=member.pk).exists():
        raise LineTermsError(_("Credit is for firms that are members."))
    if (limit is None and term_days is None) or (limit is not None and limit <= 0):
        raise LineTermsError(_("Say which limit (in yuan) or term (in days) is asked for."))
    with because(_("credit requested"), actor=actor):
        request = CreditRequest.objects.filter(member=member, state=CreditRequest.State.OPEN).first()
        request = request or CreditRequest(member=member, requested_on=on)
        request.limit, request.term_days = limit, term_days
        request.save()
    return request


@transaction.atomic
def withdraw_request(request: CreditRequest, *, actor: User | None, reason: str) -> CreditRequest:
    """The firm does not ask any more. Again: nothing changes. DecisionError when it is decided."""
    lock_member(request.member_id)
    request = CreditRequest.objects.select_for_update().get(pk=request.pk)
    if request.state == CreditRequest.State.WITHDRAWN:
        return request
    if request.state != CreditRequest.State.OPEN:
        raise DecisionError(_("The request is decided already: %(state)s.") % {"state": request.get_state_display()})
    request.state = CreditRequest.State.WITHDRAWN
    with because(reason, actor=actor):
        request.save(update_fields=["state"])
    return request
