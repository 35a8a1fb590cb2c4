"""Pools of codes out of a spreadsheet: new, known, doubled or wrong; and never in clear on our side."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.db import connection

from benefits.models import Benefit
from operations.errors import ImportStateError
from operations.models import ImportBatch, ImportRow
from operations.services.imports import undo_import, write_error_file
from partners.models import Offer, StagedVoucherCode, VoucherCode
from partners.services.voucher_import import KEPT, erase_files
from partners.services.vouchers import find_codes
from tests.benefits.redemption_stories import a_benefit
from tests.memberships.factories import an_operator
from tests.memberships.order_import_stories import AT, applied, checked, confirmed, counts, found, outcomes, worked
from tests.partners.fulfilment_stories import a_partner
from tests.partners.voucher_stories import TODAY, a_cinema, codes

pytestmark = pytest.mark.django_db(transaction=True)
KIND = "voucher-codes"


@pytest.fixture
def offer() -> Offer:
    return a_cinema()


def a_file(*rows: str) -> bytes:
    return "\r\n".join(["权益,券码,有效期至", *rows, ""]).encode()


def everywhere() -> str:
    """All that the database holds of imports and codes, as text; what is sealed is no text."""
    tables = [
        "operations_importrow", "operations_importbatch", "operations_importbatchevent", "partners_vouchercode",
        "partners_staged_vouchercode", "operations_jobrun", "operations_outboxmessage",
    ]
    with connection.cursor() as cursor:
        kept = []
        for table in tables:
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            kept.append(cursor.fetchone()[0] or "")
    return " ".join(kept)


def test_pool_is_previewed_confirmed_and_applied_and_no_code_stands_in_clear(offer: Offer) -> None:
    codes(offer, "KNOWN-0001-AAAA")
    content = a_file(
        "ticket-2027,CINE-0001-ABCD,2027-12-31", "freight-coupon,CINE-0002-EFGH,", "ticket-2027,KNOWN-0001-AAAA,",
        "ticket-2027,CINE-0001-ABCD,2027-12-31", "ticket-2027,  CINE-0003-ijkl ,2027年6月30日",
    )
    batch = checked(content, by=an_operator(), kind=KIND)
    assert counts(batch) == {"new": 3, "unchanged": 1, "duplicate": 1}
    assert set(StagedVoucherCode.objects.filter(verdict="new").values_list("ending", flat=True)) == {
        "ABCD", "EFGH", "ijkl",
    }
    assert "CINE-000" not in everywhere() and "KNOWN-" not in everywhere()
    batch = worked(confirmed(batch))
    assert (batch.state, batch.applied, batch.left_out) == ("applied", 3, 0)
    made = {code.code.reveal(): code for code in VoucherCode.objects.filter(batch=batch)}
    assert set(made) == {"CINE-0001-ABCD", "CINE-0002-EFGH", "CINE-0003-ijkl"}
    assert made["CINE-0003-ijkl"].expires_on == date(2027, 6, 30)
    assert (made["CINE-0002-EFGH"].offer, made["CINE-0002-EFGH"].partner) == (offer, offer.partner)
    assert find_codes(" CINE-0001-ABCD") == [made["CINE-0001-ABCD"]]
    assert find_codes("CINE-0001-abcd") == []
    assert list(ImportRow.objects.order_by("line").values_list("label", flat=True)) == ["…ABCD", "…EFGH", "…ijkl"]
    assert "CINE-000" not in everywhere()


def test_what_is_wrong_with_a_row_is_said_with_the_end_of_its_code_only(offer: Offer) -> None:
    other = Offer.objects.create(
        partner=offer.partner, benefit=a_snack(), sku="snack", mode="vouchers", unit_cost="1",
        starts_on=TODAY,
    )
    codes(other, "SNACK-0001-QQQQ")
    content = a_file(
        "theatre,CINE-0001-ABCD,", "ticket-2027,A B,", "ticket-2027,CINE-0002-EFGH,2026-12-31",
        "ticket-2027,SNACK-0001-QQQQ,", "ticket-2027,CINE-0005-MNOP,", "ticket-2027,CINE-0005-MNOP,2027-05-01",
        "ticket-2027,,", "ticket-2027,1.23457E+15,",
    )
    batch = checked(content, by=an_operator(), kind=KIND, skips_invalid=True)
    assert counts(batch) == {"invalid": 8}
    assert found(batch) == [
        (2, "权益", "…re", "unknown_offer"), (3, "券码", "…B", "bad_voucher_code"),
        (4, "有效期至", "2026-12-31", "past_date"), (5, "券码", "…QQQQ", "code_of_another_offer"),
        (6, "券码", "…MNOP", "conflicting_rows"), (7, "券码", "…MNOP", "conflicting_rows"),
        (8, "券码", "", "required"), (9, "券码", "…+15", "spreadsheet_number"),
    ]
    assert "CINE-000" not in everywhere()
    handed_back = BytesIO()
    write_error_file(batch, handed_back, language="en")
    rows = handed_back.getvalue().decode().splitlines()
    assert rows[3].startswith("ticket-2027,…EFGH,2026-12-31,"), "the operator knows the row by its end"
    assert "CINE-" not in str(rows) and "SNACK-" not in str(rows), "no code is handed back in clear"


def test_row_of_another_width_hands_back_no_code_either(offer: Offer) -> None:
    content = a_file("ticket-2027,CINE-0001-ABCD,2027-12-31,更多")
    batch = checked(content, by=an_operator(), kind=KIND, skips_invalid=True)
    assert counts(batch) == {"invalid": 1}
    handed_back = BytesIO()
    write_error_file(batch, handed_back, language="en")
    assert "…ABCD" in handed_back.getvalue().decode() and "CINE-" not in handed_back.getvalue().decode()


def test_file_without_its_header_or_with_swapped_columns_shows_no_code_either(offer: Offer) -> None:
    amy = an_operator()
    for content in (
        b"ticket-2027,CINE-0001-ABCD,2027-12-31\r\nticket-2027,CINE-0002-EFGH,\r\n",
        "权益,CINE-0003-ABCD,有效期至\r\nticket-2027,CINE-0002-EFGH,\r\n".encode(),
    ):
        assert checked(content, by=amy, kind=KIND).state == "refused"
    swapped = a_file(
        "CINE-0004-ABCD,ticket-2027,2027-12-31", "ticket-2027,CINE-0005-ABCD,CINE-0006-WXYZ",
        "ticket-2027,CINE-0007-ABCD,2027-02-30",
    )
    batch = checked(swapped, by=amy, kind=KIND, skips_invalid=True)
    assert found(batch) == [
        (2, "权益", "…ABCD", "unknown_offer"), (3, "有效期至", "…WXYZ", "bad_date"),
        (4, "有效期至", "2027-02-30", "bad_date"),
    ]
    assert "CINE-000" not in everywhere()
    handed_back = BytesIO()
    write_error_file(batch, handed_back, language="en")
    rows = handed_back.getvalue().decode().splitlines()
    assert "CINE-" not in str(rows)
    assert [row.split(",")[:3] for row in rows[1:]] == [
        ["…ABCD", "…027", "2027-12-31"], ["ticket-2027", "…ABCD", "…WXYZ"], ["ticket-2027", "…ABCD", "2027-02-30"],
    ]


def a_snack() -> Benefit:
    return a_benefit("snack", kind="coupon", name="小吃券", name_en="Snack")


def test_code_that_somebody_added_since_the_preview_is_left_out(offer: Offer) -> None:
    batch = checked(a_file("ticket-2027,CINE-0001-ABCD,", "ticket-2027,CINE-0002-EFGH,"), by=an_operator(), kind=KIND)
    codes(offer, "CINE-0001-ABCD")
    batch = worked(confirmed(batch))
    assert outcomes(batch) == {2: "left_out", 3: "applied"}
    with pytest.raises(ImportStateError):
        undo_import(batch, actor=an_operator("bob"), at=AT)


def test_same_code_of_two_partners_is_two_codes(offer: Offer) -> None:
    theatre = Offer.objects.create(
        partner=a_partner("theatre"), benefit=a_snack(), sku="seat", mode="vouchers", unit_cost="1",
        starts_on=TODAY,
    )
    batch = applied(a_file("ticket-2027,SAME-0001-ABCD,", "seat,SAME-0001-ABCD,"), by=an_operator(), kind=KIND)
    assert batch.applied == 2
    assert {code.offer for code in find_codes("SAME-0001-ABCD")} == {offer, theatre}


def test_stored_file_is_erased_once_it_is_applied_and_later_where_rows_may_be_handed_back(offer: Offer) -> None:
    amy = an_operator()
    whole = applied(a_file("ticket-2027,CINE-0001-ABCD,"), by=amy, kind=KIND)
    partly = applied(a_file("ticket-2027,CINE-0002-ABCD,", "ticket-2027,x,"), by=amy, kind=KIND, skips_invalid=True)
    storage, name = whole.file.storage, whole.file.name
    assert erase_files(at=AT) == 1
    assert not storage.exists(name)
    partly.refresh_from_db()
    with partly.file.open("rb") as stored:
        assert b"CINE-0002-ABCD" in stored.read()
    assert erase_files(at=AT + KEPT + timedelta(seconds=1)) == 1
    assert not ImportBatch.objects.exclude(file="").exists()
    with pytest.raises(ImportStateError):
        write_error_file(ImportBatch.objects.get(pk=partly.pk), BytesIO(), language="en")
