"""At the same moment: a request is decided once, a line is opened once, and what is done alone is weighed together."""

from decimal import Decimal
from functools import partial

import pytest

from credit.models import CreditDecision, CreditLine, Invoice
from credit.services.decisions import decline_request, grant_request
from credit.services.lines import open_line
from credit.services.receipt_offers import WRITE_OFF, offer_write_off
from memberships.models import CreditRequest
from operations.errors import PlusdeskError
from operations.models import Approval
from tests.credit.credit_stories import (
    MONTHLY_61,
    NET_30,
    TODAY,
    a_card_with_credit,
    a_controller,
    a_firm,
    a_line,
    an_entry,
    an_invoice,
    asked_for,
    fresh,
    morning,
)
from tests.credit.draw_stories import credited, entered
from tests.credit.receipt_stories import differences
from tests.credit.test_limit_import import GRANTS, confirmed_by, file_of, row
from tests.memberships.admin_pages import granted, may_alone
from tests.memberships.factories import an_operator
from tests.memberships.order_import_stories import checked, worked
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


def test_of_two_write_offs_at_once_the_second_is_weighed_with_the_first() -> None:
    invoice = an_invoice(a_line(), 500)
    controller = may_alone(granted(an_operator(), "credit.write_off_invoice"), WRITE_OFF, 100)
    who = {"on": TODAY, "at": morning(TODAY), "actor": controller, "reason": "零头"}
    done = at_once(*(partial(offer_write_off, invoice, Decimal(60), key=key, **who) for key in "ab"))
    assert sorted(type(each).__name__ for each in done) == ["Approval", "Outcome"]
    assert fresh(invoice).written_off == 60


def test_of_two_files_confirmed_at_once_the_second_is_weighed_with_the_first() -> None:
    xiaoxin = a_controller()
    grants = [checked(file_of(row(a_card_with_credit().member, "60000")), by=xiaoxin, kind=GRANTS) for _ in "ab"]
    done = at_once(*(partial(confirmed_by, batch, xiaoxin) for batch in grants))
    assert sorted(type(each).__name__ for each in done) == ["Approval", "Outcome"]
    # What was granted by a file stays weighed once it is written.
    (first,) = (batch for batch, each in zip(grants, done, strict=True) if not isinstance(each, Approval))
    worked(first)
    third = checked(file_of(row(a_card_with_credit().member, "40001")), by=xiaoxin, kind=GRANTS)
    assert isinstance(confirmed_by(third, xiaoxin), Approval)


def test_numbers_given_at_once_are_each_their_own_also_where_one_was_taken() -> None:
    lines = [a_line() for _ in range(4)]
    # Somebody took the number that comes next, of a time at which that was not refused.
    taken = an_invoice(lines[0], 1)
    following = Invoice.objects.create(
        line=lines[0], member_id=lines[0].member_id, key="taken", number=f"IN{TODAY:%Y%m}-{taken.pk + 2}", amount=1,
        invoiced_on=TODAY, due_on=TODAY, terms={}, at=morning(TODAY),
    )
    an_entry(lines[0], "invoice", following.amount, invoice=following)
    made = at_once(*(partial(entered, line, key=f"{line.pk}") for line in lines))
    numbers = {invoice.number for invoice in made}
    assert len(numbers) == 4 and f"{following.number}-2" in numbers
    notes = at_once(*(partial(credited, invoice, 1, key="n") for invoice in made))
    assert len({note.number for note in notes}) == 4 and differences() == []
