"""Two operators bring statements of a month at once, and a connection that dies in the middle: nothing is half done."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from partners.models import Fulfilment, Partner, PartnerStatement, StatementLine
from partners.services.partner_statements import resolve_lines
from tests.partners.at_once_stories import beside, wait_for_waiting
from tests.partners.statement_stories import AT, bring, iqiyi_with, line_of

pytestmark = pytest.mark.django_db(transaction=True)


def locked(partner: Partner) -> None:
    Partner.objects.select_for_update().get(pk=partner.pk)


def test_two_files_at_once_leave_one_statement() -> None:
    partner, _offer, (first, second) = iqiyi_with(2)
    with transaction.atomic():
        locked(partner)
        threads = [beside(lambda lines=lines: bring(partner, lines)) for lines in ([first], [first, second], [first])]
        wait_for_waiting(3)
    for thread, _came in threads:
        thread.join(60)
    found = PartnerStatement.objects.order_by("number")
    assert [statement.state for statement in found].count("matched") == 1
    assert found.last().state == "matched"  # type: ignore[union-attr]
    assert len(found) in (2, 3), "the same file after itself is one statement"


def test_two_operators_who_decide_at_once_do_not_overwrite_each_other() -> None:
    partner, _offer, (first,) = iqiyi_with(1)
    statement = bring(partner, [line_of(first, amount="97")]).statement

    def deciding(resolution: str) -> Any:
        mine = PartnerStatement.objects.get(pk=statement.pk)
        return lambda: resolve_lines(mine, None, resolution, note=resolution, at=AT, actor=None)

    with transaction.atomic():
        locked(partner)
        threads = [beside(deciding(resolution)) for resolution in ("accept_theirs", "accept_ours")]
        wait_for_waiting(2)
    for thread, _came in threads:
        thread.join(60)
    assert sorted(came[0] for _thread, came in threads) == [0, 1]
    line = StatementLine.objects.get()
    assert line.resolution == line.note != "open"


def test_import_whose_connection_dies_in_the_middle_leaves_nothing_and_can_be_done_again() -> None:
    partner, _offer, fulfilments = iqiyi_with(2)
    old = bring(partner, [fulfilments[0]]).statement
    with transaction.atomic():
        locked(partner)
        thread, came = beside(lambda: bring(partner, fulfilments))
        (waiting,) = wait_for_waiting(1)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [waiting])
        thread.join(60)
    assert isinstance(came[0], DatabaseError)
    assert (PartnerStatement.objects.get(), Fulfilment.objects.count()) == (old, 2)
    assert PartnerStatement.objects.get().state == "matched"
    assert bring(partner, fulfilments).statement.counts["matched"] == 2
