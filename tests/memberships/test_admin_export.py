"""Taking lists away as files: as they are shown, by whom a right was given to, long ones by a job."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.translation import override
from openpyxl import load_workbook  # type: ignore[import-untyped]

from memberships.admin.display import today
from memberships.demo import credit_code
from memberships.models import EnterpriseCustomer, Member, MemberContact, Payment, Subscription
from operations.admin.exporting import ListRows
from operations.imports.exports import unguarded
from operations.models import ListExport, PersonalExport, User
from operations.services.list_exports import (
    KEPT,
    MOST_ROWS,
    ExportTooLongError,
    erase_old_files,
    note_list_export,
)
from operations.tasks import work_on_run
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.factories import TODAY, a_card, an_annual_card, jd_plus, jd_plus_enterprise

pytestmark = pytest.mark.django_db
EXPORT = "/admin/memberships/enterprisecustomer/export/"
LISTS = ("memberships.view_subscription", "memberships.view_payment", "operations.export_list")
CSV, WHY = {"kind": "csv", "reason": "月度核对"}, {"kind": "csv", "reason": "年度客户大会"}


def read_xlsx(answer: Any) -> list[dict[str, Any]]:
    header, *rows = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def a_firm(number: int, **facts: str) -> EnterpriseCustomer:
    member = Member.objects.create(kind="enterprise", joined_on=TODAY)
    MemberContact.objects.create(member=member, name="韩梅梅", mobile="13800138000", email="han@example.com")
    return EnterpriseCustomer.objects.create(
        member=member, credit_code=credit_code("330106", number),
        **{"legal_name": f"西溪商贸{number}有限公司", "province": "浙江省", **facts},
    )


def exporter(*more: str) -> Client:
    clerk = User.objects.create_user("clerk", is_staff=True)
    return signed_in(granted(clerk, "memberships.view_enterprisecustomer", *more))


def test_exported_list_masks_people_and_guards_formulas() -> None:
    a_firm(1, legal_name="=cmd|' /C calc'!A0")
    response = exporter("memberships.export_enterprisecustomer").post(EXPORT, CSV)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert "'=cmd" in text
    assert "138****8000" in text
    assert "13800138000" not in text
    assert "韩梅梅" not in text


def test_export_takes_what_the_filter_leaves() -> None:
    a_firm(1)
    a_firm(2, province="广东省")
    response = exporter("memberships.export_enterprisecustomer").post(f"{EXPORT}?province=广东省", CSV)
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [row["legal name"] for row in rows] == ["西溪商贸2有限公司"]


def test_who_may_only_look_cannot_export() -> None:
    a_firm(1)
    client = exporter()
    assert client.get(EXPORT).status_code == client.post(EXPORT, CSV).status_code == 403
    assert EXPORT not in client.get("/admin/memberships/enterprisecustomer/").content.decode()


def test_whole_data_takes_a_right_of_its_own_and_a_reason_and_leaves_a_trace() -> None:
    a_firm(1)
    a_firm(2, province="广东省")
    may = ("memberships.export_enterprisecustomer", "operations.export_personal")
    url = f"{EXPORT}personal/?province=广东省"
    exporting = exporter(may[0])
    assert exporting.post(url, WHY).status_code == 403
    assert "personal" not in exporting.get("/admin/memberships/enterprisecustomer/").content.decode()
    clerk = granted(User.objects.get(username="clerk"), may[1])
    desk = signed_in(clerk)
    assert f"{EXPORT}personal/" in desk.get("/admin/memberships/enterprisecustomer/").content.decode()
    assert desk.get(url).status_code == 200
    assert desk.post(url, {**WHY, "reason": "  "}).status_code == 422 and not PersonalExport.objects.exists()
    answer = desk.post(url, WHY)
    assert "no-store" in answer["Cache-Control"]
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["legal name"], row["contact"], unguarded(row["mobile"])) for row in rows] == [
        ("西溪商贸2有限公司", "韩梅梅", "13800138000")
    ]
    kept = PersonalExport.objects.get()
    assert (kept.actor, kept.model, kept.rows, kept.reason) == (
        clerk, "memberships.enterprisecustomer", 1, "年度客户大会"
    )
    assert "province=" in kept.asked
    auditor = signed_in(granted(User.objects.create_user("auditor", is_staff=True), "operations.view_personalexport"))
    for page in ("", f"{kept.pk}/change/"):
        shown = auditor.get(f"/admin/operations/personalexport/{page}").content.decode()
        assert "Enterprise customers" in shown and "memberships.enterprisecustomer" not in shown
    with pytest.raises(DatabaseError), transaction.atomic():
        kept.delete()


def test_whole_data_is_asked_for_a_proof(settings: object) -> None:
    settings.STEP_UP_MINUTES = 10  # type: ignore[attr-defined]
    desk = exporter("memberships.export_enterprisecustomer", "operations.export_personal")
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert desk.post(f"{EXPORT}personal/", WHY).status_code == 403
    assert not PersonalExport.objects.exists()


def test_any_list_is_exported_as_it_is_shown_found_filtered_and_ordered() -> None:
    plan = an_annual_card(jd_plus())
    a_card(an_annual_card(jd_plus_enterprise()), member=a_firm(9).member)
    cards = [a_card(plan) for _number in range(3)]
    desk = signed_in(granted(User.objects.create_user("clerk", is_staff=True), *LISTS))
    url, payments = "/admin/memberships/subscription/export/", "/admin/memberships/payment/"
    assert desk.get(url).status_code == 200 and desk.post(url).status_code == 422
    rows = read_xlsx(desk.post(f"{url}?plan__id__exact={plan.pk}", {"kind": "xlsx"}))
    page = desk.get(f"/admin/memberships/subscription/?plan__id__exact={plan.pk}")
    listed = page.context["cl"].result_list
    assert [row["Member"] for row in rows] == [card.member.number for card in listed]
    assert len(rows) == 3
    assert {type(row["Paid until"]) for row in rows} == {datetime}
    found_card = cards[1]
    [found] = read_xlsx(desk.post(f"{url}?q={cards[1].member.number}", {"kind": "xlsx"}))
    assert (found["Member"], found["Status"]) == (cards[1].member.number, "pending")
    paid = Payment.objects.create(
        member=found_card.member, subscription=found_card, programme=plan.programme, plan=plan,
        method=found_card.payment_method, key="renewal:2", purpose="renewal", amount="1299.00", term_number=2,
        starts_on=TODAY, ends_on=TODAY + timedelta(days=1), state="declined", decline="soft", code="insufficient_funds",
        requested_on=TODAY, requested_at=timezone.now(),
    )
    newest = read_xlsx(desk.post(f"{payments}export/", {"kind": "xlsx"}))[0]
    assert next(iter(newest.values())) == 1299 and (newest["Member"], newest["Card"]) == (paid.member.number, str(plan))
    with override("zh-hans"):
        answer = desk.post(f"{payments}export/", {"kind": "csv"}, headers={"accept-language": "zh-hans"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0].startswith("金额") and f'"=""{paid.member.number}"""' in text
    assert ListExport.objects.filter(model="memberships.subscription", asked=f"plan__id__exact={plan.pk}").exists()
    assert f"{payments}export/" in desk.get(payments).content.decode()
    looks = signed_in(granted(User.objects.create_user("looks", is_staff=True), *LISTS[:2]))
    assert looks.post(f"{payments}export/", {"kind": "csv"}).status_code == 403
    assert "export/" not in looks.get(payments).content.decode()


def test_what_is_sold_or_moves_in_the_list_while_its_file_is_made_is_in_it_once_as_it_stood_in_order(
    monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    monkeypatch.setattr("operations.admin.exporting.BLOCK", 1)
    plan, night = an_annual_card(jd_plus(), grace_days=20), today()
    cards = [a_card(plan, on=night - timedelta(days=370 - day)) for day in range(3)]
    request = rf.get("/", {"show": "in_grace"})
    request.user = User.objects.create_superuser("root")
    with override("en"):
        listed = ListRows(admin.site._registry[Subscription], request, is_masked=True)  # type: ignore[arg-type]
    rows = listed.rows()
    read = [next(rows)]
    moved = Subscription.objects.filter(pk=cards[0].pk).update(paid_until=night - timedelta(days=1))
    a_card(plan, on=night - timedelta(days=369))
    members = [row[listed.header.index("Member")] for row in [*read, *rows]]
    assert moved and members == [card.member.number for card in cards], "none twice: the first is the last by now"


def test_a_list_of_persons_is_exported_masked_for_a_reason_only() -> None:
    a_firm(1)
    clerk = User.objects.create_user("clerk", is_staff=True)
    desk = signed_in(granted(clerk, "memberships.view_membercontact", LISTS[-1]))
    url = "/admin/memberships/membercontact/export/"
    assert desk.post(url, {"kind": "xlsx"}).status_code == 422
    [row] = read_xlsx(desk.post(url, {"kind": "xlsx", "reason": "回访名单"}))
    assert list(row.values())[:2] == ["韩**", "138****8000"]
    assert ListExport.objects.get().reason == "回访名单"


def test_a_long_list_is_made_by_a_job_fetched_by_its_maker_and_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = an_annual_card(jd_plus())
    for _number in range(5):
        a_card(plan)
    monkeypatch.setattr("operations.services.list_exports.AT_ONCE", {"csv": 2, "xlsx": 2})
    monkeypatch.setattr("operations.admin.exporting.BLOCK", 2)
    clerk = granted(User.objects.create_user("clerk", is_staff=True), *LISTS, "operations.view_listexport")
    desk = signed_in(clerk)
    url = "/admin/memberships/subscription/export/?plan__id__exact=" + str(plan.pk)
    shown = desk.post(url, {"kind": "csv"}, follow=True).content.decode()
    assert "being made" in shown
    export = ListExport.objects.get()
    assert export.run is not None
    work_on_run(export.run.pk)
    export.refresh_from_db()
    assert (export.rows, export.run.job) == (5, "export_list")
    page = desk.get("/admin/operations/listexport/").content.decode()
    file = f"/admin/operations/listexport/{export.pk}/file/"
    assert file in page and "ready" in page and "1" in desk.get("/admin/").content.decode()
    fetched = b"".join(desk.get(file).streaming_content).decode("utf-8-sig")
    assert len(fetched.splitlines()) == 6 and len(set(fetched.splitlines())) == 6
    other = granted(User.objects.create_user("other", is_staff=True), *LISTS, "operations.view_listexport")
    assert signed_in(other).get(file).status_code == 404
    assert file not in signed_in(other).get("/admin/operations/listexport/").content.decode()
    assert erase_old_files(at=timezone.now()) == 0
    assert erase_old_files(at=timezone.now() + KEPT) == 1 == 1 + erase_old_files(at=timezone.now() + KEPT)
    assert signed_in(clerk).get(file).status_code == 404
    assert not default_storage.exists(str(export.file.name))
    with pytest.raises(DatabaseError), transaction.atomic():
        export.delete()


def test_an_export_has_an_end() -> None:
    with pytest.raises(ExportTooLongError, match="1,000,000"):
        note_list_export(
            model="memberships.member", asked="", kind="csv", language="en", is_masked=True, needs_reason=False,
            reason="", rows=MOST_ROWS + 1, actor=User.objects.create_user("clerk"), at=timezone.now(),
        )
