"""Two people at the same moment: one request is decided once, and a line is opened once."""

from decimal import Decimal
from functools import partial

import pytest

from credit.models import CreditDecision, CreditLine
from credit.services.decisions import decline_request, grant_request
from credit.services.lines import open_line
from memberships.models import CreditRequest
from operations.errors import PlusdeskError
from tests.credit.credit_stories import MONTHLY_61, NET_30, TODAY, a_card_with_credit, a_firm, asked_for, morning
from tests.memberships.points_stories import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_granted_and_declined_at_once_is_one_of_both_and_one_line() -> None:
    card = a_card_with_credit()
    asks = asked_for(member=card.member)
    other = a_card_with_credit(member=a_firm())
    who = {"on": TODAY, "at": morning(TODAY), "actor": None, "reason": "同时处理"}
    decided = at_once(
        *(partial(grant_request, asks, card, limit=Decimal(most), terms=NET_30, **who) for most in (1, 1, 2)),
        partial(decline_request, asks, **who),
        *(partial(open_line, other, limit=Decimal(9), terms=MONTHLY_61, **who) for _ in range(2)),
    )
    kept = [each for each in decided[:4] if isinstance(each, CreditDecision)]
    assert {decision.pk for decision in kept} == set(CreditDecision.objects.values_list("pk", flat=True))
    assert CreditDecision.objects.count() == 1
    assert CreditRequest.objects.get().state in ("granted", "declined")
    assert CreditLine.objects.filter(member=card.member).count() == (CreditRequest.objects.get().state == "granted")
    assert sum(isinstance(each, PlusdeskError) for each in decided[4:]) == 1
    assert CreditLine.objects.filter(member=other.member).count() == 1
