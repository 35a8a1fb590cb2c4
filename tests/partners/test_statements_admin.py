"""Statements and settlements at the desk: bringing one in, deciding, drafting, adjusting, submitting, taking away."""

import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from partners.models import Partner, PartnerStatement, Settlement, StatementLine
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import an_operator
from tests.partners.statement_stories import AT, HEADER, active, bring, iqiyi_with, line_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", response.content.decode())


def press(client: Client, address: str, **data: Any) -> Any:
    """Open a page that asks, and send its form with what it showed."""
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(address).content.decode())
    return client.post(address, {"reason": "because", **({"seen": seen[1]} if seen else {}), **data}, follow=True)


def upload(client: Client, partner: Partner, lines: list[str], month: str = "2026-01") -> Any:
    file = SimpleUploadedFile("january.csv", "\n".join([HEADER, *lines]).encode())
    data = {"partner": partner.pk, "month": month, "file": file}
    return client.post("/admin/partners/partnerstatement/import/", data, follow=True)


def test_statement_is_brought_in_and_its_differences_are_decided(desk: Client) -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    assert desk.get("/admin/partners/partnerstatement/import/").status_code == 200
    lines = [line_of(order, started_on="2026-01-05") for order in ("X1", "X2")]
    text = text_of(upload(desk, partner, lines))
    statement = PartnerStatement.objects.get()
    assert "missing here" in text and "january.csv" in text and str(statement.counts["missing_here"]) == "2"
    assert "imported already" in text_of(upload(desk, partner, lines))
    address = f"/admin/partners/statementline/?statement__id__exact={statement.pk}&verdict__exact=missing_here"
    assert "X1" in text_of(desk.get(address))
    chosen = {"action": "resolve", "_selected_action": list(statement.lines.values_list("pk", flat=True))}
    assert "X1" in text_of(desk.post(address, chosen))
    desk.post(address, {**chosen, "resolution": "write_off", "reason": "不是我们的"}, follow=True)
    assert set(statement.lines.values_list("resolution", "note")) == {("write_off", "不是我们的")}
    desk.post(address, {**chosen, "action": "reopen", "reason": "again"}, follow=True)
    assert set(statement.lines.values_list("resolution", flat=True)) == {"open"}
    corrected = text_of(upload(desk, partner, lines[:1]))
    assert "Other statements of the month" in corrected and "withdrawn" in corrected


def test_broken_lines_are_named_on_the_form(desk: Client) -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    response = upload(desk, partner, [line_of("X1", amount="-1")])
    assert response.status_code == 422
    assert "Line 2" in response.content.decode() and "-1" in response.content.decode()
    assert upload(desk, partner, [], month="January").status_code == 422
    assert not PartnerStatement.objects.exists()


def test_operator_says_how_a_partners_file_is_read(desk: Client) -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    address = "/admin/partners/partnerstatement/mapping/"
    whose = desk.post(address, {"partner": partner.pk})
    assert whose.headers["Location"] == f"{address}?partner={partner.pk}"
    data = {"partner": partner.pk, "columns": "备注 =\n应付 = amount", "states": "开通成功 = active", "reason": "合同"}
    text_of(desk.post(address, data, follow=True))
    partner.refresh_from_db()
    mapping = {"columns": {"备注": "", "应付": "amount"}, "states": {"开通成功": "active"}}
    assert partner.statement_mapping == mapping
    assert "应付 = amount" in text_of(desk.get(f"{address}?partner={partner.pk}"))
    for wrong in ({"columns": "应付 = price"}, {"states": "开通成功 ="}, {"columns": "应付"}):
        assert desk.post(address, {**data, **wrong}).status_code == 422
    partner.refresh_from_db()
    assert partner.statement_mapping == mapping


def test_settlement_is_drafted_adjusted_submitted_and_taken_away(desk: Client) -> None:
    partner, offer, fulfilments = iqiyi_with(1)
    data = {"partner": partner.pk, "month": "2026-01"}
    text_of(desk.post("/admin/partners/settlement/draft/", data, follow=True))
    settlement = Settlement.objects.get()
    place = f"/admin/partners/settlement/{settlement.pk}"
    assert "CN-1" in text_of(press(desk, f"{place}/adjust/", amount="-8.50", key="CN-1"))
    assert "-8.50" in text_of(press(desk, f"{place}/redraft/"))
    assert "Nothing came late" in text_of(desk.get(f"{place}/late/", follow=True))
    december = {"month": date(2025, 12, 1), "state": "closed", "closed_on": date(2026, 1, 5), "drafted_at": AT}
    Settlement.objects.create(partner=partner, **december)
    active(offer, on=date(2025, 12, 15))
    assert "late for 2025-12: +1" in text_of(press(desk, f"{place}/late/"))
    assert "waits for" in text_of(press(desk, f"{place}/submit/"))
    export = desk.get(f"{place}/export/")
    assert "CN-1" in b"".join(export.streaming_content).decode()  # type: ignore[attr-defined]
    assert len(fulfilments) == 1


def test_who_may_only_look_changes_nothing() -> None:
    partner, _offer, fulfilments = iqiyi_with(1)
    statement = bring(partner, [line_of(fulfilments[0], amount="97")]).statement
    views = ("partnerstatement", "statementline", "settlement")
    looker = signed_in(granted(an_operator("looker"), *(f"partners.view_{name}" for name in views)))
    for name in views:
        assert looker.get(f"/admin/partners/{name}/").status_code == 200
    assert "97" in text_of(looker.get(f"/admin/partners/statementline/?statement__id__exact={statement.pk}"))
    text_of(looker.get(f"/admin/partners/partnerstatement/{statement.pk}/change/"))
    assert looker.get("/admin/partners/partnerstatement/import/").status_code == 403
    assert looker.get("/admin/partners/settlement/draft/").status_code == 403
    chosen = {"action": "resolve", "_selected_action": [statement.lines.get().pk], "reason": "x"}
    looker.post("/admin/partners/statementline/", {**chosen, "resolution": "write_off"})
    assert StatementLine.objects.get().resolution == "open"
