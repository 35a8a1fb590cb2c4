"""JD PLUS Enterprise as it ships: a card, its credit of two million, 61 days, the card's end and its renewal."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from credit.errors import DrawRefusedError, LineTermsError
from credit.line_approvals import GRANT_CREDIT, GrantCredit
from credit.models import CreditLine
from credit.services.decisions import cards_for
from credit.services.holidays import due_of
from credit.services.lines import version_on
from memberships.models import Plan, Subscription
from memberships.services.lapses import lapse_subscription
from memberships.services.subscriptions import join
from operations.models import Approval
from operations.services.approvals import approve, ask
from tests.credit.credit_stories import (
    DAY,
    TWO_MILLION,
    a_controller,
    a_firm,
    an_approver,
    asked_for,
    fresh,
    morning,
    paid,
)
from tests.credit.draw_stories import entered
from tests.programmes.stories import in_effect, shipped

pytestmark = pytest.mark.django_db
FIRST_OF_JULY = date(2027, 7, 1)
#: The card is paid until 30 June, and in its seven days of grace until 7 July.
IN_GRACE, LAPSE = date(2028, 7, 1), date(2028, 7, 8)


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that this story quotes."""
    translation.activate("en")


def with_credit(card: Subscription, limit: Decimal) -> CreditLine:
    """The firm asks for it, a controller grants it, and another person approves."""
    asks = asked_for(str(limit), member=card.member, term_days=61, on=FIRST_OF_JULY)
    assert cards_for(asks, on=FIRST_OF_JULY) == [card]
    request = ask(
        GRANT_CREDIT, GrantCredit.payload_of(asks, card, limit=limit), actor=a_controller(), reason="经营稳定",
        on=FIRST_OF_JULY, at=morning(FIRST_OF_JULY),
    )
    assert isinstance(request, Approval)
    done = approve(
        request, checker=an_approver(), decision="同意", on=FIRST_OF_JULY, at=morning(FIRST_OF_JULY)
    )
    assert done.state == Approval.State.EXECUTED, done.outcome
    return CreditLine.objects.get(member=card.member)


def test_both_cards_give_two_million_and_61_days_until_they_lapse_and_again_when_renewed() -> None:
    programme = in_effect(shipped("jd-plus-enterprise"), on=FIRST_OF_JULY)
    for plan in Plan.objects.filter(programme=programme).order_by("price"):
        card = join(a_firm(on=FIRST_OF_JULY), plan, on=FIRST_OF_JULY, actor=None)
        with pytest.raises(LineTermsError, match=r"up to 2,000,000\.00 CNY"):
            with_credit(card, TWO_MILLION + Decimal("0.01"))
        line = with_credit(card, TWO_MILLION)
        terms = version_on(line, on=FIRST_OF_JULY).terms
        assert max((due_of(terms, day).day - day).days for day in (FIRST_OF_JULY + n * DAY for n in range(366))) == 61

        order = TWO_MILLION / 4
        invoices = [entered(line, order, on=FIRST_OF_JULY) for _ in range(4)]
        assert {(invoice.due_on, (invoice.due_on - invoice.invoiced_on).days) for invoice in invoices} == {
            (date(2027, 8, 31), 61)
        }
        with pytest.raises(DrawRefusedError, match=r"2,000,000\.01 CNY would be open"):
            entered(line, "0.01", on=FIRST_OF_JULY)
        for invoice in invoices[1:]:
            paid(invoice, on=date(2027, 8, 31))

        with pytest.raises(DrawRefusedError, match="days of grace"):
            entered(line, 1, on=IN_GRACE)
        lapse_subscription(card, on=LAPSE, at=morning(LAPSE), actor=None)
        with pytest.raises(DrawRefusedError, match="lapsed with its card"):
            entered(line, 1, on=LAPSE)
        assert (fresh(line).open_amount, fresh(invoices[0]).due_on) == (order, date(2027, 8, 31))
        paid(invoices[0], on=LAPSE + DAY)
        join(card.member, plan, on=LAPSE + 30 * DAY, actor=None)
        assert entered(line, 1, on=LAPSE + 30 * DAY).due_on == date(2028, 10, 2)
