"""Decisions about credit requests: granted, for what was asked or less, or declined; with reason and evidence.

A grant gives the card its line, or the line that is there another version from today. Over the maker's limit it takes
two people: credit/line_approvals.py.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from credit.errors import CardNotHeldError, DecisionError, StandingError
from credit.models import CreditDecision, CreditLine, LineVersion
from credit.services.line_changes import change_line, set_review
from credit.services.line_terms import check_terms
from credit.services.lines import HELD, open_line
from credit.services.policies import offer_of
from credit.services.signatures import sign
from credit.services.standing import Fact, lacking_in_words, standing_of
from memberships.models import CreditRequest, Subscription
from memberships.programme_files.schema import number_as_text
from memberships.services.members import lock_member
from memberships.services.subscriptions import status_of
from operations.audit import because
from operations.models import Approval, User

Outcome = CreditDecision.Outcome
State = CreditRequest.State


def cards_for(request: CreditRequest, *, on: date) -> list[Subscription]:
    """The cards that the firm holds on a day and that give credit, the newest first: which of them is to have the line
    is for who decides."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT held.subscription_id FROM (SELECT DISTINCT programme_id FROM memberships_subscription"
            " WHERE member_id = %s) AS theirs, credit_held_card(%s, theirs.programme_id, 0, %s) AS held",
            [request.member_id, request.member_id, on],
        )
        keys = [key for (key,) in cursor.fetchall()]
    return list(Subscription.objects.filter(pk__in=keys).select_related("plan", "programme").order_by("-pk"))


@transaction.atomic
def grant_request(
    request: CreditRequest, card: Subscription, *, limit: Decimal, terms: Mapping[str, Any] | None = None,
    review_on: date | None = None, on: date, at: datetime, actor: User | None, reason: str,
    checker: User | None = None, approval: Approval | None = None, facts: Mapping[str, Any] | None = None,
) -> CreditDecision:
    """Grant a limit, by the offer's terms unless others are said; `facts` stand in the evidence beside ours.

    A repeat returns the first decision. Raises DecisionError when it was decided otherwise, StandingError,
    CardNotHeldError, LineTermsError, NoCreditOfferError, LineStateError, TwoPeopleError, ReasonMissingError.
    """
    signature = sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    lock_member(request.member_id)
    request = CreditRequest.objects.select_for_update().get(pk=request.pk)
    terms = offer_of(card.plan, on=on).terms if terms is None else terms
    if (decided := _decided(request)) is not None and _grants(decided, limit, terms):
        return decided
    standing = refuse_grant(request, card, limit=limit, terms=terms, on=on)
    evidence = _evidence(request, card, standing, facts, on=on)
    who: dict[str, Any] = {
        "on": on, "at": at, "actor": actor, "reason": reason, "checker": checker, "approval": approval
    }
    line = line_of(card)
    with because(reason, actor=actor):
        if line is None:
            line = open_line(card, limit=limit, terms=terms, review_on=review_on, evidence=evidence, **who)
            version = LineVersion.objects.get(line=line)
        else:
            version = change_line(line, limit=limit, terms=terms, starts_on=on, evidence=evidence, **who)
            if review_on is not None:
                set_review(line, review_on=review_on, on=on, actor=actor, reason=reason)
        _set_state(request, State.GRANTED)
        return CreditDecision.objects.create(
            request=request, member_id=request.member_id, outcome=Outcome.GRANTED, version=version, evidence=evidence,
            on=on, **signature,
        )


@transaction.atomic
def decline_request(
    request: CreditRequest, *, on: date, at: datetime, actor: User | None, reason: str,
    card: Subscription | None = None, facts: Mapping[str, Any] | None = None,
) -> CreditDecision:
    """Say no: one person does. A repeat returns the first decision; DecisionError when it was decided otherwise."""
    signature = sign(actor=actor, checker=None, approval=None, reason=reason, at=at)
    lock_member(request.member_id)
    request = CreditRequest.objects.select_for_update().get(pk=request.pk)
    decided = _decided(request)
    if decided is not None and decided.outcome == Outcome.DECLINED:
        return decided
    refuse_decided(request)
    standing = [] if card is None else standing_of(card, offer_of(card.plan, on=on).minimum_standing, on=on)
    with because(reason, actor=actor):
        _set_state(request, State.DECLINED)
        return CreditDecision.objects.create(
            request=request, member_id=request.member_id, outcome=Outcome.DECLINED,
            evidence=_evidence(request, card, standing, facts, on=on), on=on, **signature,
        )


def refuse_grant(
    request: CreditRequest, card: Subscription, *, limit: Decimal, terms: Mapping[str, Any], on: date
) -> list[Fact]:
    """What the firm needs and has for this grant. Raises what speaks against it (see grant_request)."""
    refuse_decided(request)
    if card.member_id != request.member_id or status_of(card, on=on) not in HELD:
        raise CardNotHeldError(_("The card “%(card)s” is not held on %(on)s.") % {"card": card, "on": on})
    offer = check_terms(card.plan, limit=limit, terms=terms, on=on)
    standing = standing_of(card, offer.minimum_standing, on=on)
    lacking = lacking_in_words(standing)
    if lacking:
        raise StandingError(_("The firm does not reach what the card needs: %(lacking)s.") % {
            "lacking": "; ".join(lacking)
        })
    return standing


def refuse_decided(request: CreditRequest) -> None:
    """DecisionError unless the request is open."""
    if request.state != State.OPEN:
        raise DecisionError(_("The request is decided already: %(state)s.") % {"state": request.get_state_display()})


def line_of(card: Subscription) -> CreditLine | None:
    """The firm's line in the card's programme: the active one, else the newest that is not closed."""
    lines = CreditLine.objects.in_use().filter(member=card.member_id, programme=card.programme_id)
    return lines.select_related("subscription__plan").first()


def _decided(request: CreditRequest) -> CreditDecision | None:
    return CreditDecision.objects.filter(request=request).select_related("version").first()


def _grants(decided: CreditDecision, limit: Decimal, terms: Mapping[str, Any]) -> bool:
    version = decided.version
    return version is not None and (version.limit, version.terms) == (limit, dict(terms))


def _set_state(request: CreditRequest, state: str) -> None:
    request.state = state
    request.save(update_fields=["state"])


def _evidence(
    request: CreditRequest, card: Subscription | None, standing: list[Fact], facts: Mapping[str, Any] | None,
    *, on: date,
) -> dict[str, Any]:
    """What the decision rests on, as it was on that day."""
    found: dict[str, Any] = {
        "requested": {
            "limit": request.limit and number_as_text(request.limit), "term_days": request.term_days,
            "on": request.requested_on.isoformat(),
        },
        "standing": [each.as_json() for each in standing],
        **({"said": dict(facts)} if facts else {}),
    }
    if card is not None:
        offer, line = offer_of(card.plan, on=on), line_of(card)
        found["card"] = {"subscription": card.pk, "plan": card.plan.code}
        found["offer"] = {"limit": number_as_text(offer.limit), "terms": dict(offer.terms)}
        if line is not None:
            found["line"] = {
                "open": number_as_text(line.open_amount), "authorised": number_as_text(line.authorised_amount),
                "overdue": number_as_text(line.overdue_amount), "overdue_state": line.overdue_state,
            }
    return found
