"""A firm asks for credit, and is granted a line or not: by whom, why, and on what it rested."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from credit.errors import CardNotHeldError, DecisionError, LineTermsError, StandingError, TwoPeopleError
from credit.line_approvals import GRANT_CREDIT, GrantCredit
from credit.models import CreditDecision, CreditLine
from credit.services.decisions import cards_for, decline_request, grant_request
from credit.services.lines import limit_on, version_on
from credit.services.requests import request_credit, withdraw_request
from memberships.models import CreditRequest, Order
from operations.approvals import Outcome
from operations.errors import ApprovalError, NotPermittedError
from operations.models import Approval, User
from operations.services.approvals import approve, ask
from tests.credit.credit_stories import (
    DAY,
    MONTHLY_61,
    NET_30,
    TODAY,
    a_card_with_credit,
    a_controller,
    a_firm,
    a_policy,
    an_approver,
    an_offer,
    asked_for,
    enterprise,
    morning,
)
from tests.memberships.factories import a_person, an_operator
from tests.memberships.points_stories import a_wallet

pytestmark = pytest.mark.django_db
REVIEW = date(2027, 7, 1)


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def granted(request: CreditRequest, limit: int, by: User, **facts: Any) -> Outcome | Approval:
    (card,) = cards_for(request, on=TODAY)
    payload = GrantCredit.payload_of(request, card, limit=Decimal(limit), **facts)
    return ask(GRANT_CREDIT, payload, actor=by, reason="经营稳定", on=TODAY, at=morning(TODAY))


def test_a_grant_over_the_makers_limit_is_decided_by_two() -> None:
    card, xiaoxin, laowang = a_card_with_credit(), a_controller(), an_approver()
    asks = asked_for(800_000, member=card.member, term_days=61)
    request = granted(asks, 500_000, xiaoxin, review_on=REVIEW, facts={"年营业额": "1200万"})
    assert isinstance(request, Approval)
    assert (request.subject_id, request.amount, CreditLine.objects.count()) == (asks.pk, 500_000, 0)
    assert "500,000.00 CNY" in request.texts["en"][0]
    # Who asked does not approve, whatever role they have besides.
    xiaoxin.groups.add(*laowang.groups.all())
    with pytest.raises(ApprovalError, match="another person"):
        approve(request, checker=User.objects.get(pk=xiaoxin.pk), decision="ok", on=TODAY, at=morning(TODAY))
    done = approve(request, checker=laowang, decision="同意", on=TODAY, at=morning(TODAY))
    assert done.state == Approval.State.EXECUTED, done.outcome

    line, decision = CreditLine.objects.get(), CreditDecision.objects.get()
    asks.refresh_from_db()
    assert (asks.state, limit_on(line, on=TODAY), line.review_on) == ("granted", 500_000, REVIEW)
    assert version_on(line, on=TODAY).terms == MONTHLY_61
    assert (decision.maker, decision.checker, decision.approval) == (xiaoxin, laowang, done)
    assert decision.version == version_on(line, on=TODAY)
    assert decision.evidence["requested"] == {"limit": "800000", "term_days": 61, "on": TODAY.isoformat()}
    assert decision.evidence["said"] == {"年营业额": "1200万"}
    assert decision.evidence["card"] == {"subscription": card.pk, "plan": "classic"}


def test_maker_is_not_checker_in_the_service_nor_in_the_database() -> None:
    card, xiaoxin = a_card_with_credit(), a_controller()
    asks = asked_for(800_000, member=card.member)
    request = granted(asks, 500_000, xiaoxin)
    assert isinstance(request, Approval)
    who = {"on": TODAY, "at": morning(TODAY), "actor": xiaoxin, "reason": "x", "checker": xiaoxin}
    with pytest.raises(TwoPeopleError):
        grant_request(asks, card, limit=Decimal(500_000), approval=request, **who)
    with pytest.raises(IntegrityError, match="creditdecision_two_people"), transaction.atomic():
        CreditDecision.objects.create(
            request=asks, member_id=asks.member_id, outcome="declined", maker=xiaoxin, checker=xiaoxin,
            approval=request, reason="x", at=morning(TODAY), on=TODAY,
        )
    with pytest.raises(NotPermittedError):
        granted(asks, 1_000, an_operator())


def test_within_the_makers_limit_one_person_grants_less_and_a_repeat_is_the_same_decision() -> None:
    card, xiaoxin = a_card_with_credit(), a_controller()
    asks = asked_for(800_000, member=card.member)
    for _ in range(2):
        assert isinstance(granted(asks, 100_000, xiaoxin, terms=NET_30), Outcome)
    assert (CreditLine.objects.count(), CreditDecision.objects.count()) == (1, 1)
    with pytest.raises(DecisionError):
        granted(asks, 90_000, xiaoxin, terms=NET_30)
    with pytest.raises(DecisionError):
        decline_request(asks, on=TODAY, at=morning(TODAY), actor=xiaoxin, reason="x")
    # Asking again, the firm's line gets another version.
    again = asked_for(90_000, member=card.member)
    assert isinstance(granted(again, 80_000, xiaoxin), Outcome)
    assert (CreditLine.objects.count(), limit_on(CreditLine.objects.get(), on=TODAY)) == (1, 80_000)


def test_declined_with_a_reason_and_what_was_lacking() -> None:
    a_policy(offers={"classic": an_offer(minimum_standing={"member_days": 180})})
    card = a_card_with_credit()
    asks = asked_for(member=card.member)
    for _ in range(2):
        decision = decline_request(
            asks, on=TODAY, at=morning(TODAY), actor=a_controller(), reason="成立不足半年", card=card
        )
    asks.refresh_from_db()
    assert (asks.state, decision.outcome, decision.version) == ("declined", "declined", None)
    assert decision.evidence["standing"] == [
        {"fact": "member_days", "wanted": "180", "found": "0", "is_met": False}
    ]
    with pytest.raises(DecisionError):
        withdraw_request(asks, actor=None, reason="x")


def test_a_firm_below_the_minimum_standing_is_refused_with_its_figures() -> None:
    needs = {"member_days": 10, "card_days": 10, "spent": {"amount": "5000", "days": 30}}
    a_policy(offers={"classic": an_offer(minimum_standing=needs)})
    card, xiaoxin = a_card_with_credit(), a_controller()
    asks = asked_for(member=card.member)
    with pytest.raises(StandingError, match="a member for 0 days of 10; the card for 0 days of 10; orders"):
        granted(asks, 1_000, xiaoxin)
    wallet = a_wallet(card.member, enterprise())
    later = TODAY + 10 * DAY
    facts = {"member": card.member, "enrolment": wallet, "recorded_at": morning(TODAY)}
    bought = Order.objects.create(number="A1", amount=Decimal(6_000), ordered_on=TODAY, **facts)
    Order.objects.create(number="A2", amount=Decimal(1_000), ordered_on=TODAY, returns=bought, **facts)
    decision = grant_request(
        asks, card, limit=Decimal(1_000), on=later, at=morning(later), actor=xiaoxin, reason="达标"
    )
    assert [fact["found"] for fact in decision.evidence["standing"]] == ["10", "10", "5000"]


def test_requests_and_grants_that_cannot_be() -> None:
    xiaoxin = a_controller()
    firm = a_firm()
    asks = asked_for(member=firm)
    assert cards_for(asks, on=TODAY) == []
    other = a_card_with_credit()
    with pytest.raises(CardNotHeldError):
        grant_request(
            asks, other, limit=Decimal(1), on=TODAY, at=morning(TODAY), actor=xiaoxin, reason="x"
        )
    own = a_card_with_credit(member=firm)
    with pytest.raises(LineTermsError, match="up to 2,000,000"):
        granted(asks, 2_000_001, xiaoxin)
    assert cards_for(asks, on=TODAY) == [own]
    assert asked_for(5, member=firm).pk == asks.pk
    assert withdraw_request(asks, actor=None, reason="客户撤回").state == "withdrawn"
    with pytest.raises(DecisionError):
        granted(asks, 1_000, xiaoxin)
    for nobody in ({"member": a_person()}, {"member": firm, "limit": None, "term_days": None}):
        with pytest.raises(LineTermsError):
            request_credit(**{"limit": Decimal(1), "term_days": None, "on": TODAY, "actor": None, **nobody})
