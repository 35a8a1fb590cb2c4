"""A closed settlement takes the place of what the uses of its month had counted with."""

from decimal import Decimal

import pytest

from operations.services.approvals import approve
from partners.models import Settlement
from partners.services.settlements import adjust_settlement, draft_settlement, submit_settlement
from tests.memberships.admin_pages import granted
from tests.memberships.factories import an_operator
from tests.memberships.profit_stories import line, reckon
from tests.partners.statement_stories import AT, CLOSING, MONTH, bring, iqiyi_with

pytestmark = pytest.mark.django_db


def test_settlement_of_january_replaces_the_cost_of_its_uses() -> None:
    partner, offer, fulfilments = iqiyi_with(2)
    programme = offer.benefit.programme
    offer.benefit.unit_cost = Decimal(90)
    offer.benefit.save()
    reckon(until=CLOSING)
    counted = line("benefit_cost", programme)
    assert counted["2027-01"] == "180.00"
    assert not line("settlements", programme)
    manager = granted(an_operator("manager"), "partners.draft_settlement")
    approver = granted(an_operator("approver"), "operations.decide_approval", "partners.view_settlement")
    bring(partner, fulfilments)
    settlement = draft_settlement(partner, MONTH, on=CLOSING, at=AT, actor=manager)
    adjust_settlement(
        settlement, Decimal("-6.50"), key="a", reason="补偿", on=CLOSING, at=AT, actor=manager
    )
    request = submit_settlement(settlement, reason="一月结算", actor=manager, on=CLOSING, at=AT)
    approve(request, checker=approver, decision="", on=CLOSING, at=AT)
    assert Settlement.objects.get().state == "closed"
    reckon(until=CLOSING.replace(day=CLOSING.day + 1))
    assert line("settlements", programme) == {"2027-01": "189.50"}
    assert line("settled_uses", programme) == {"2027-01": "-180.00"}
    assert line("benefit_cost", programme) == counted
