"""Two records of one firm: a credit line and its money do not change hands, so the record that has them is kept."""

import pytest
from django.utils.translation import override

from memberships.models import Member
from memberships.services.merges import MergeBlockedError, conflicts_of, undo_merge
from tests.credit.credit_stories import TODAY, a_line, an_invoice, fresh, morning
from tests.memberships.factories import a_firm
from tests.memberships.merge_stories import an_asker, differences, merged

pytestmark = pytest.mark.django_db


def bars(former: Member, survivor: Member) -> str:
    with override("en"):
        return " ".join(each.words for each in conflicts_of(former, survivor, on=TODAY) if each.is_bar)


def test_a_line_bars_the_merge_though_its_card_could_go_and_the_other_way_round_it_stays_as_it_is() -> None:
    line, other = a_line(1_000), a_firm()
    an_invoice(line, "100")
    words = bars(line.member, other)
    assert "has a credit line" in words and "100.00 CNY open: merge the other way round" in words
    assert "1 invoices of the number that would end are open" in words
    with pytest.raises(MergeBlockedError):
        merged(line.member, other)
    assert bars(other, line.member) == ""
    before = fresh(line)
    merge = merged(other, line.member)
    assert (fresh(line).state, fresh(line).open_amount) == (before.state, before.open_amount)
    assert differences() == []
    undo_merge(merge, reason="并非同一企业", on=TODAY, at=morning(TODAY), actor=an_asker(), checker=None)
    assert (fresh(line).subscription_id, fresh(line).open_amount) == (before.subscription_id, before.open_amount)
    assert differences() == []


def test_of_two_lines_in_one_programme_both_amounts_are_said() -> None:
    line, other = a_line(1_000), a_line(2_000)
    an_invoice(line, "100")
    an_invoice(other, "250")
    words = bars(line.member, other.member)
    assert "Both have a credit line" in words and "100.00 CNY and 250.00 CNY open" in words
    assert "Both have a card" in words
