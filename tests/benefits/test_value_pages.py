"""The page of a value statement, what is taken away of it, and the list of a whole programme."""

import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from benefits.models import Benefit, ValueStatement
from benefits.services.value_runs import keep_statements
from memberships.admin.display import today
from memberships.models import Member
from memberships.services.ranges import EVERYTHING
from operations import roles
from operations.models import User
from tests.benefits.benefit_stories import a_benefit, of_card, plus, with_card
from tests.benefits.redemption_stories import use
from tests.benefits.value_stories import took_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(admin_client: Client) -> Client:
    """In English."""
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return admin_client


@pytest.fixture
def member() -> Member:
    """With a card since today, two consultations and an order."""
    on = today()
    doctor = a_benefit("doctor", name_en="=Doctor", face_value=Decimal("60"))
    of_card(doctor, 12, "term", member_price=Decimal("10"))
    of_card(a_benefit("wash", name_en="Car wash"))
    discount = a_benefit("discount", kind="stacking_discount", name_en="Discount", terms={"percent": "95"})
    of_card(discount)
    member = with_card(on=on).member
    use(member, doctor, on=on, quantity=2)
    use(member, Benefit.objects.get(code="wash"), on=on)
    took_off(member, "A1", {discount: "12.50"}, on=on)
    return member


def page(member: Member) -> str:
    return reverse("admin:benefits_valuestatement_statement", args=[member.pk, plus().pk])


def file(member: Member, ending: str) -> str:
    return reverse("admin:benefits_valuestatement_file", args=[member.pk, plus().pk, ending])


def test_page_says_whether_it_was_worth_it_and_leads_to_each_source(desk: Client, member: Member) -> None:
    response = desk.get(page(member))
    assert response.status_code == 200, (response.status_code, response.headers)
    text = response.content.decode()
    assert "Worth it: 112.50 CNY saved for a fee of 99.00" in text
    assert "1 use is not counted" in text
    assert "For the same uses no other plan would have been better." in text
    redemption = member.redemptions.earliest("pk")
    assert reverse("admin:benefits_redemption_change", args=[redemption.pk]) in text
    assert page(member) in desk.get(reverse("admin:memberships_member_change", args=[member.pk])).content.decode()
    other = with_card(on=today()).member
    assert "Not yet worth it: 0.00 CNY saved for a fee of 99.00, 99.00 are missing." in (
        desk.get(page(other)).content.decode()
    )
    stranger = Member.objects.create(kind="person", joined_on=today())
    assert "there is nothing to tell yet" in desk.get(page(stranger)).content.decode()
    assert desk.get(file(stranger, "pdf")).status_code == 404
    assert desk.get(f"{page(member)}?from=2027-02-30").status_code == 200


def test_page_asks_as_much_for_many_uses_as_for_few(
    desk: Client, member: Member, django_assert_max_num_queries: object
) -> None:
    for _each in range(12):
        use(member, Benefit.objects.get(code="wash"), on=today())
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        desk.get(page(member))


def test_statement_is_taken_away_as_pdf_xlsx_and_csv_and_no_name_becomes_a_formula(
    desk: Client, member: Member
) -> None:
    assert desk.get(file(member, "pdf")).content.startswith(b"%PDF")
    sheet = load_workbook(io.BytesIO(desk.get(file(member, "xlsx")).content)).active
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert "=Doctor" in cells and 112.5 in cells
    content = desk.get(file(member, "csv")).content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = content.decode("utf-8-sig").splitlines()
    assert len(rows) == 4
    assert any(row.endswith("120.00,20.00,100.00") and "'=Doctor" in row for row in rows)
    assert desk.get(file(member, "doc")).status_code == 403


def test_list_holds_the_sums_of_a_whole_programme_and_leads_to_the_page(desk: Client, member: Member) -> None:
    with_card(on=today())
    assert keep_statements(plus(), EVERYTHING, on=today()) == 2
    assert keep_statements(plus(), EVERYTHING, on=today()) == 0
    kept = ValueStatement.objects.get(member=member)
    assert (kept.saved, kept.fee, kept.net, kept.unpriced) == (Decimal("112.50"), 99, Decimal("13.50"), 1)
    assert member.number in desk.get(reverse("admin:benefits_valuestatement_changelist")).content.decode()
    response = desk.get(reverse("admin:benefits_valuestatement_change", args=[kept.pk]))
    assert response["Location"] == f"{page(member)}?from={today().isoformat()}"
    exported = b"".join(
        desk.post(reverse("admin:benefits_valuestatement_export_list"), {"kind": "csv"}).streaming_content
    ).decode("utf-8-sig")
    assert member.number in exported and "112.50" in exported


def test_only_who_may_export_takes_a_statement_away(client: Client, member: Member) -> None:
    approver = User.objects.create_user("approver", password="a-long-enough-password", is_staff=True)
    approver.groups.add(Group.objects.get(name=next(role.group for role in roles.ROLES if role.name == "approver")))
    client.force_login(approver)
    assert client.get(page(member)).status_code == 200
    assert ".pdf" not in client.get(page(member)).content.decode()
    assert client.get(file(member, "pdf")).status_code == 403
