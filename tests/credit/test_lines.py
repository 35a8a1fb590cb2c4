"""A firm's line: opened for its card, within what the card allows."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from credit.errors import CardNotHeldError, LineExistsError, LineTermsError, NoCreditOfferError
from credit.services.lines import available, limit_on, lock_line, lock_lines, version_on
from tests.credit.credit_stories import (
    DAY,
    MONTHLY_61,
    TODAY,
    TWO_MILLION,
    a_card_with_credit,
    a_line,
    a_receipt,
    an_invoice,
    fresh,
    paid,
    the_plan,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def test_a_card_gives_a_line_of_up_to_two_million_and_61_days() -> None:
    card = a_card_with_credit()
    with pytest.raises(LineTermsError, match=r"2,000,000\.00 CNY, not 2,000,000\.01 CNY"):
        a_line("2000000.01", card=card)
    with pytest.raises(LineTermsError, match="up to 61 days; by this rule it could be 62"):
        a_line(1, {"kind": "net_days", "days": 62}, card=card)
    line = a_line(2_000_000, MONTHLY_61, card=card)
    assert (limit_on(line, on=TODAY), limit_on(line, on=TODAY - DAY)) == (TWO_MILLION, Decimal(0))
    assert version_on(line, on=TODAY).terms == MONTHLY_61
    with pytest.raises(LineExistsError):
        a_line(1, card=card)
    assert lock_line(line.pk) == lock_lines([line.pk])[0] == line


def test_only_a_card_that_is_held_and_offered_credit_gives_a_line() -> None:
    card = a_card_with_credit()
    with pytest.raises(CardNotHeldError):
        a_line(card=card, on=TODAY.replace(year=2029))
    the_plan("staff")
    with pytest.raises(NoCreditOfferError):
        a_line(card=a_card_with_credit("staff"))


def test_what_is_owed_is_not_available_until_it_is_paid() -> None:
    line = a_line(10_000)
    invoice = an_invoice(line, 4_000)
    assert available(fresh(line), on=TODAY) == 6_000
    a_receipt(line, 500)
    assert available(fresh(line), on=TODAY) == 6_000
    invoice = paid(invoice, amount=1_500, on=date(2027, 2, 1))
    assert (invoice.outstanding, available(fresh(line), on=TODAY)) == (2_500, 7_500)
