"""Voucher codes, files and the work list at the desk: masked, searched, void, shown with a trace, worked off."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from operations.models import Reveal
from partners.models import Command, DailyFile, Offer, VoucherCode
from partners.services import daily_files
from partners.services.vouchers import is_code
from tests.memberships.admin_pages import a_superuser, granted, indexes_read, signed_in
from tests.memberships.factories import an_operator
from tests.partners.fulfilment_stories import NOON, TODAY, a_grant, a_partner, an_offer, fulfilment_of
from tests.partners.voucher_stories import a_cinema, a_member, codes, take

pytestmark = pytest.mark.django_db
CODE = "CINE-0001-WXYZ"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", response.content.decode())


def page(client: Client, address: str) -> str:
    return text_of(client.get(f"/admin/partners/{address}"))


def press(client: Client, address: str, **data: Any) -> Any:
    """Open a page that asks, and send its form with what it showed."""
    address = f"/admin/partners/{address}"
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(address).content.decode())
    return client.post(address, {"reason": "因为", **({"seen": seen[1]} if seen else {}), **data}, follow=True)


def test_codes_are_shown_by_what_they_end_in_and_pools_in_figures(desk: Client) -> None:
    offer = a_cinema(low_stock=5)
    [code] = codes(offer, CODE, expires_on=date(2030, 12, 31))
    take(a_member(), offer)
    for text in (page(desk, "vouchercode/"), page(desk, f"vouchercode/{code.pk}/change/")):
        assert "…WXYZ" in text and CODE not in text and "claimed" in text
    codes(offer, "CINE-0002-ABCD", expires_on=date(2031, 1, 31))
    assert "2031-01-31" in page(desk, "vouchercode/pools/")
    imports = desk.get("/admin/partners/vouchercode/import/")
    assert imports.headers["Location"].endswith("?importer=voucher-codes")


@pytest.mark.usefixtures("new_tables")
def test_whole_code_is_searched_for_by_post_and_stands_in_no_address(desk: Client) -> None:
    offer = a_cinema()
    [code, _other] = codes(offer, CODE, "CINE-0002-ABCD")
    response = desk.post("/admin/partners/vouchercode/find/", {"q": CODE})
    assert response.headers["Location"].endswith(f"?q=%23{code.pk}")
    text = text_of(desk.get(response.headers["Location"]))
    assert "…WXYZ" in text and "…ABCD" not in text
    assert "vouchercode_once" in indexes_read(VoucherCode.objects.filter(is_code(CODE)))
    assert desk.post("/admin/partners/vouchercode/find/", {"q": "CINE-9999-NONE"}).headers["Location"].endswith("?q=")


def test_code_is_shown_in_full_with_permission_reason_and_trace(desk: Client) -> None:
    [code] = codes(a_cinema(), CODE)
    reveal = f"vouchercode/{code.pk}/reveal/"
    assert CODE not in page(desk, reveal)
    assert desk.post(f"/admin/partners/{reveal}", {"reason": " "}).status_code == 422
    assert not Reveal.objects.exists()
    shown = desk.post(f"/admin/partners/{reveal}", {"reason": "会员来电"})
    assert CODE in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    trace = Reveal.objects.get()
    assert (trace.model, trace.object_id, trace.field, trace.reason) == (
        "partners.vouchercode", code.pk, "code", "会员来电",
    )
    looker = signed_in(granted(an_operator("bob"), "partners.view_vouchercode"))
    assert looker.get(f"/admin/partners/{reveal}").status_code == 403
    assert "reveal" not in page(looker, f"vouchercode/{code.pk}/change/")


def test_codes_are_voided_one_and_many_with_a_reason(desk: Client) -> None:
    first, second, third = codes(a_cinema(), CODE, "CINE-0002-ABCD", "CINE-0003-EFGH")
    press(desk, f"vouchercode/{first.pk}/void/")
    address = "/admin/partners/vouchercode/"
    chosen = {"action": "void_many", "_selected_action": [second.pk, third.pk]}
    assert "…ABCD" in text_of(desk.post(address, chosen))
    assert VoucherCode.objects.filter(state="void").count() == 1
    desk.post(address, {**chosen, "reason": "批次作废"})
    assert set(VoucherCode.objects.values_list("state", "void_reason")) == {("void", "因为"), ("void", "批次作废")}
    looker = signed_in(granted(an_operator("bob"), "partners.view_vouchercode"))
    assert looker.get(f"/admin/partners/vouchercode/{first.pk}/void/").status_code == 403


def test_work_list_is_worked_off_by_those_who_may(desk: Client) -> None:
    lounge = an_offer(a_partner("lounge"), mode=Offer.Mode.MANUAL, sku="lounge-2027")
    done, impossible = a_grant(lounge), a_grant(lounge)
    a_grant(an_offer(a_partner("kugou")))
    text = page(desk, "command/")
    assert text.count("lounge-2027") == 2 and "vip-year" not in text
    first, second = Command.objects.waiting_for_hands().order_by("pk")
    assert "lounge-2027" in page(desk, f"command/{first.pk}/change/")
    press(desk, f"command/{first.pk}/done/", reference="LNG-7", reason="")
    press(desk, f"command/{second.pk}/impossible/")
    assert (fulfilment_of(done).state, fulfilment_of(done).reference) == ("active", "LNG-7")
    assert (fulfilment_of(impossible).state, fulfilment_of(impossible).error) == ("failed", "因为")
    assert "lounge-2027" not in page(desk, "command/")
    late = desk.post(f"/admin/partners/command/{first.pk}/done/", {"seen": f"{first.pk} queued"}, follow=True)
    assert late.status_code == 200
    assert fulfilment_of(done).events.filter(kind="answered").count() == 1
    looker = signed_in(granted(an_operator("bob"), "partners.view_command"))
    assert looker.get(f"/admin/partners/command/{second.pk}/done/").status_code == 403


def test_file_shows_its_lines_and_result_and_is_downloaded_as_it_was_sent(desk: Client) -> None:
    reader = a_partner("jd-read")
    badge = an_offer(reader, mode=Offer.Mode.DAILY_FILE, sku="badge")
    kept, lost = fulfilment_of(a_grant(badge)), fulfilment_of(a_grant(badge))
    file = daily_files.make_file(reader, on=TODAY, at=NOON)
    assert file is not None
    assert kept.key in page(desk, f"dailyfile/{file.pk}/change/")
    said = f"line,order,result,reference,reason\r\n1,{kept.key},accepted,R1,\r\n7,f7-x,accepted,,\r\n"
    daily_files.take_result(file, said.encode(), on=TODAY, at=NOON)
    text = page(desk, f"dailyfile/{file.pk}/change/")
    assert "7,f7-x,accepted,," in text and "not_in_result" in text
    assert file.name in page(desk, "dailyfile/")
    sent = desk.get(f"/admin/partners/dailyfile/{file.pk}/download/file/")
    assert (sent.content, sent.headers["Content-Disposition"]) == (
        bytes(DailyFile.objects.get().content), f'attachment; filename="{file.name}"',
    )
    assert desk.get(f"/admin/partners/dailyfile/{file.pk}/download/result/").content == said.encode()
    lost.refresh_from_db()
    assert lost.error == "not_in_result"
    looker = signed_in(granted(an_operator("bob"), "partners.view_dailyfile"))
    assert looker.get(f"/admin/partners/dailyfile/{file.pk}/download/file/").status_code == 403
    assert desk.get(f"/admin/partners/dailyfile/{file.pk}/download/other/").status_code == 404


def test_pages_speak_chinese(desk: Client) -> None:
    [code] = codes(a_cinema(), CODE)
    desk.cookies["django_language"] = "zh-hans"
    for address in ("vouchercode/", f"vouchercode/{code.pk}/change/", "vouchercode/pools/", "command/", "dailyfile/"):
        assert "券码" in page(desk, address)
