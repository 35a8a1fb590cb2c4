"""The desk's page of the audit trail, and what is taken away from it."""

import csv
import io
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from memberships.models import EnterpriseCustomer, Member
from operations import roles
from operations.audit import because
from operations.imports.exports import unguarded
from operations.models import TrailExport, User
from operations.services.reveals import ReasonMissingError, reveal
from operations.services.trail_exports import note_export
from tests.memberships.admin_pages import signed_in
from tests.memberships.factories import a_firm, an_operator

pytestmark = pytest.mark.django_db
SEARCH = "/admin/operations/trailexport/search/"
EXPORT = f"{SEARCH}export/"


def somebody(role: roles.Role) -> Client:
    user = User.objects.create_user(role.name, is_staff=True)
    user.groups.add(Group.objects.get(name=role.group))
    return signed_in(user)


@pytest.fixture
def firm() -> Member:
    """A firm that moved after a call, and whose contact was looked at."""
    firm, xiaomei = a_firm(city="杭州市"), an_operator()
    with because("=搬迁", actor=xiaomei, run=0, job="age_invoices"):
        EnterpriseCustomer.objects.filter(pk=firm.pk).update(city="宁波市")
    reveal(firm.contacts.get(), ["mobile"], reason="核对身份", actor=xiaomei, at=timezone.now())
    return firm


def test_an_auditor_reads_who_did_what_when_and_why_before_and_after(firm: Member) -> None:
    auditor = somebody(roles.AUDITOR)
    page = auditor.get(SEARCH).content.decode()
    for words in ("Enterprise customer changed", "杭州市 → 宁波市", "xiaomei", "=搬迁", "Reveal of personal data added",
                  f"/admin/memberships/enterprisecustomer/{firm.pk}/change/", firm.number):
        assert words.lower() in page.lower(), words
    assert "13" + "0" * 9 not in page
    one = auditor.get(SEARCH, {"model": "memberships.enterprisecustomer", "record": str(firm.pk)}).content.decode()
    assert "宁波市" in one
    assert "核对身份" not in one
    by_member = auditor.get(SEARCH, {"member": firm.number, "reason": "搬迁"}).content.decode()
    assert "宁波市" in by_member
    nothing = auditor.get(SEARCH, {"since": "2020-01-01", "until": "2020-01-31"}).content.decode()
    assert "Nothing of that is in the trail" in nothing


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"since": "2026-02-30"}, "Enter a valid date"),
        ({"since": "2027-01-02", "until": "2027-01-01"}, "This is before the first day"),
        ({"since": "2020-01-01", "until": "2027-01-01"}, "At most 366 days"),
        ({"since": "2026-01-01", "until": "2026-03-01", "reason": "搬迁"}, "At most 31 days"),
        ({"record": "7"}, "Say of which type"),
        ({"model": "auth.session"}, "Select a valid choice"),
        ({"member": "12345678901"}, "check digit"),
        ({"run": "9" * 30}, "less than or equal"),
        ({"since": "0001-01-01", "until": "9999-12-31"}, "There are no dates before"),
    ],
)
def test_a_question_that_makes_no_sense_is_said_to_be_so(asked: dict[str, str], words: str) -> None:
    response = somebody(roles.AUDITOR).get(SEARCH, asked)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert 'id="history"' not in response.content.decode()


def test_a_broken_place_begins_at_the_newest(firm: Member) -> None:
    assert "宁波市" in somebody(roles.AUDITOR).get(SEARCH, {"before": "x,y\0,z"}).content.decode()


def taken_away(auditor: Client, kind: str) -> Any:
    response = auditor.post(f"{EXPORT}?model=memberships.enterprisecustomer", {"kind": kind, "reason": "季度审计"})
    assert "no-store" in response["Cache-Control"]
    return response


def test_what_was_found_is_taken_away_with_a_reason_that_is_kept(firm: Member) -> None:
    auditor = somebody(roles.AUDITOR)
    assert auditor.post(EXPORT, {"kind": "csv", "reason": " "}).status_code == 422
    assert not TrailExport.objects.exists()
    text = b"".join(taken_away(auditor, "csv").streaming_content)
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
    [moved] = [row for row in rows if row["After"] == "宁波市"]
    assert (moved["Operator"], moved["Before"], moved["Reason"]) == ("xiaomei", "杭州市", "'=搬迁"), "no formula"
    assert (moved["What happened"], moved["Job"]) == ("changed", "overdue states")
    assert unguarded(moved["Member number"]) == firm.number
    book = load_workbook(io.BytesIO(taken_away(auditor, "xlsx").content), read_only=True)
    width = len(rows[0])
    listed = book.worksheets[0].iter_rows(max_col=width, values_only=True)
    cells = [[*(cell or "" for cell in row), *[""] * (width - len(row))] for row in listed]
    assert cells == [list(rows[0]), *(list(map(unguarded, row.values())) for row in rows)]
    kept = TrailExport.objects.order_by("pk").values_list("actor__username", "kind", "reason")
    assert list(kept) == [("auditor", "csv", "季度审计"), ("auditor", "xlsx", "季度审计")]
    export = TrailExport.objects.earliest("pk")
    assert export.asked["model"] == "memberships.enterprisecustomer"
    assert "季度审计" in auditor.get("/admin/operations/trailexport/").content.decode()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE operations_trailexport SET reason = 'x'")
    with pytest.raises(ReasonMissingError):
        note_export({}, kind="csv", reason=" ", actor=an_operator("lin"), at=timezone.now())


def test_whoever_is_no_auditor_neither_searches_nor_exports(firm: Member) -> None:
    operator = somebody(roles.OPERATOR)
    assert operator.get(SEARCH).status_code == operator.get(EXPORT).status_code == 403
    assert operator.post(EXPORT, {"kind": "csv", "reason": "x"}).status_code == 403
    assert SEARCH not in operator.get("/admin/").content.decode()


def test_a_page_asks_as_much_for_many_entries_as_for_few(firm: Member) -> None:
    auditor, asked = somebody(roles.AUDITOR), {"model": "memberships.enterprisecustomer"}
    counts = []
    for changes in (1, 60):
        with because("again", actor=User.objects.get(username="xiaomei")):
            for city in range(changes):
                EnterpriseCustomer.objects.filter(pk=firm.pk).update(city=f"{city}市")
        auditor.get(SEARCH, asked)
        with CaptureQueriesContext(connection) as queries:
            page = auditor.get(SEARCH, asked).content.decode()
        counts.append(len(queries))
    assert counts[1] <= counts[0]
    assert "59市" in page
    assert "before=" in page
