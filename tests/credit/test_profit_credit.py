"""Late fees and write-offs stand in the programme's profit and loss, less what was taken back of them."""

from decimal import Decimal

import pytest

from credit.services.write_offs import recover, write_off
from tests.credit.credit_stories import a_line, an_entry, an_invoice
from tests.credit.draw_stories import credited, when
from tests.memberships.factories import TODAY
from tests.memberships.profit_stories import DAY, line, reckon

pytestmark = pytest.mark.django_db


def test_write_offs_cost_and_late_fees_bring_less_what_was_taken_back() -> None:
    credit_line = a_line()
    programme = credit_line.programme
    invoice = an_invoice(credit_line, 1_000)
    written = write_off(invoice, Decimal(400), key="w", reason="坏账", **when(TODAY))
    recover(written, Decimal(150), key="r", reason="收回", **when(TODAY + 31 * DAY))
    fee = an_invoice(credit_line, 30, kind="late_fee")
    fee_entry = fee.entries.get()
    assert fee_entry.kind == "invoice"
    an_entry(credit_line, "late_fee", Decimal(30), invoice=fee)
    credited(fee, 10)
    reckon(until=TODAY + 40 * DAY)
    assert line("write_offs", programme) == {"2027-01": "400.00", "2027-02": "-150.00"}
    assert line("late_fees", programme) == {"2027-01": "20.00"}
