"""The work list of receipts that are nobody's."""

import pytest
from django.db import connection

from credit.services import statements
from credit.services.receipt_suggestions import suggest_owners
from credit.services.receipts import match_receipt
from tests.credit.credit_stories import DAY, TODAY, a_card_with_credit, a_firm, a_line, an_invoice, morning
from tests.credit.receipt_stories import received

pytestmark = pytest.mark.django_db


def test_likeliest_owner_comes_first_with_what_speaks_for_it() -> None:
    named, known, owing = (
        a_line(card=a_card_with_credit(member=a_firm(legal_name=name)))
        for name in ("杭州西溪湿地商贸有限公司", "苏州姑苏丝绸有限公司", "成都锦里食品有限公司")
    )
    invoice = an_invoice(owing, "456.78")
    other = an_invoice(known, 20)
    earlier = received(1, payer_account="6222-77", payer_name="代付")
    match_receipt(earlier, known, on=TODAY, at=morning(TODAY), actor=None)
    unlike = received("456.78", payer_name="杭州西溪湿地商贸集团", payer_account="6222-77")
    assert unlike.state == "unmatched"
    found = suggest_owners([unlike.pk, earlier.pk])
    assert list(found) == [unlike.pk]
    assert [(one.line, [reason.kind for reason in one.reasons]) for one in found[unlike.pk]] == [
        (known, ["account"]), (owing, ["amount"]), (named, ["name"])
    ]
    assert invoice.number in str(found[unlike.pk][1].reasons[0])
    # Named invoices of two firms: the one whose amount fits goes first.
    both = received("456.78", reference=f"{invoice.number} {other.number}", on=TODAY + DAY)
    first, second = suggest_owners([both.pk])[both.pk]
    assert (first.line, second.line, first.score > second.score) == (owing, known, True)
    assert suggest_owners([received(999, payer_name="无人知晓").pk]) == {}


@pytest.mark.usefixtures("new_tables")
def test_suggestions_are_looked_up_by_indexes() -> None:
    receipt = received(5, payer_name="杭州西溪湿地商贸集团", payer_account="6222-77", reference="INV-1")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + statements.statement("receipts/suggest"), {"receipts": [receipt.pk]})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan" not in plan
    for index in ("invoice_number", "receipt_by_account", "invoice_by_amount", "customer_name_prefix"):
        assert index in plan
