"""Each kind of notice to firms: of one event one notice on each channel, however often it is looked for."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from credit.models import CreditLine
from credit.notices import notice_kinds
from credit.services.line_changes import change_line, suspend_line
from operations import registry
from operations.services.notices import EVERYBODY, tell_range
from tests.credit.credit_stories import DAY, TODAY, a_line, an_invoice, morning, paid
from tests.credit.test_overdue_night import DUE, a_dunned_line, night
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.night_stories import at_night
from tests.memberships.notice_stories import told_once

NEXT_MONTH = date(2027, 2, 1)


def overdue(days: int) -> Callable[[], Any]:
    def happen() -> Any:
        line, invoice = a_dunned_line()
        night(days)
        return line, invoice

    return happen


def released() -> None:
    _line, invoice = overdue(15)()
    paid(invoice, on=DUE + 16 * DAY)
    night(16)


def three_invoices() -> None:
    line = a_line()
    for amount in (100, 200, 300):
        an_invoice(line, amount, due_on=DUE)


def another_limit() -> None:
    change_line(
        a_line(50_000), limit=Decimal(40_000), terms=None, starts_on=TODAY + 7 * DAY, on=TODAY, at=morning(TODAY),
        reason="less is enough", actor=None,
    )


def suspended() -> CreditLine:
    return suspend_line(a_line(), on=TODAY, actor=None, reason="a dispute")


def resumed() -> None:
    """A day later, what was told of the suspension is taken back."""
    line = suspended()
    tell_range(registry.notices.get("line_suspended"), EVERYBODY, on=TODAY, at=at_night(TODAY))
    CreditLine.objects.filter(pk=line.pk).update(suspended_on=None, suspension_reason="")


#: By kind: what happens, and the business date whose night tells of it.
EVENTS: dict[str, tuple[Callable[[], Any], date]] = {
    "invoices_issued": (three_invoices, TODAY + DAY),
    "invoices_due_7": (three_invoices, DUE - 7 * DAY), "invoices_due_1": (three_invoices, DUE - DAY),
    "statement_ready": (three_invoices, NEXT_MONTH), "limit_changed": (another_limit, TODAY),
    "line_suspended": (suspended, TODAY), "line_resumed": (resumed, TODAY + DAY),
    "overdue_reminder": (overdue(1), DUE + DAY), "overdue_warning": (overdue(7), DUE + 7 * DAY),
    "overdue_hold": (overdue(15), DUE + 15 * DAY), "overdue_collection": (overdue(60), DUE + 60 * DAY),
    "overdue_released": (released, DUE + 16 * DAY),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", [kind.name for kind in notice_kinds()])
def test_one_event_is_one_notice_on_each_channel(name: str) -> None:
    happen, on = EVENTS[name]
    happen()
    facts = told_once(registry.notices.get(name), on)[0].facts
    if name.startswith("invoices_"):
        assert (facts["invoices"], {**facts}.get("due_amount", facts.get("issued_amount"))) == (3, "600.00")
    if name == "limit_changed":
        assert (facts["limit_amount"], facts["before_amount"]) == ("40000.00", "50000.00")


@pytest.mark.django_db
def test_the_page_of_a_notice_opens_under_the_name_of_its_kind() -> None:
    suspended()
    [notice, *_others] = told_once(registry.notices.get("line_suspended"), TODAY)
    page = signed_in(a_superuser()).get(f"/admin/operations/notice/{notice.pk}/change/")
    assert page.status_code == 200 and "Your credit line with" in page.content.decode()
