"""One box finds whatever a caller has at hand: bounded, masked, by index, and nothing of it in an address."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from memberships.admin.display import today
from memberships.models import MemberContact
from operations import registry
from operations.admin.finders import MOST_FOUND
from tests.credit.credit_stories import a_line, an_invoice
from tests.credit.receipt_stories import received
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import a_firm, a_person, an_operator
from tests.memberships.order_stories import a_shopper, order
from tests.partners.voucher_stories import a_cinema, codes

pytestmark = pytest.mark.django_db
CODE = "CINE-0001-WXYZ"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def find(desk: Client, term: str) -> Any:
    """Where the box leads to."""
    answer = desk.post(reverse("admin:find_anything"), {"q": term})
    assert answer.status_code == 302
    return answer["location"]


def page_of(record: Any) -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


def named(name: str, mobile: str = "") -> Any:
    person = a_person()
    MemberContact.objects.filter(member=person).update(name=name, mobile=mobile)
    return person


def test_whatever_is_at_hand_leads_to_its_record(desk: Client) -> None:
    person, firm = named("欧阳小明", "13912345678"), a_firm(legal_name="上海晨光有限公司", external_id="SAP-77")
    line = a_line(on=today())
    invoice, receipt = an_invoice(line, on=today()), received(77, key="BANK-2027-0001")
    bought = order(a_shopper(), "JD-1000200030", "199.00")
    [code] = codes(a_cinema(), CODE)
    for term, record in {
        person.number: person, " 139 1234 5678 ": person, "欧阳小明": person, "欧阳": person,
        "小明": person, "oyxm": person, "晨光": firm, "shcg": firm,
        firm.customer.credit_code.lower(): firm, "上海晨光": firm, "SAP-77": firm,
        invoice.number: invoice, "BANK-2027-0001": receipt, "JD-1000200030": bought, CODE: code, f"#{code.pk}": code,
    }.items():
        assert find(desk, term) == page_of(record), term


def test_several_are_shown_masked_on_a_page_that_can_be_come_back_to(desk: Client) -> None:
    people = [named("张伟", f"1390000000{number}") for number in range(3)]
    url = find(desk, "张伟")
    assert "张" not in url and "%" not in url
    for _time in range(2):
        answer = desk.get(url)
        assert answer["Cache-Control"].count("no-store")
        page = answer.content.decode()
        assert all(page_of(person) in page for person in people)
        # What was typed stands in the box; what was found is masked.
        assert page.count("张伟") == 1 and "张**" in page and "139****0001" in page and "13900000001" not in page
    # It is kept for who looked for it, and for nobody else.
    assert "张" not in signed_in(granted(an_operator(), "memberships.view_member")).get(url).content.decode()
    assert "forgotten" in desk.get(reverse("admin:found_kept", args=["long-ago"])).content.decode()


def test_what_is_too_much_is_cut_and_said_and_what_is_nothing_is_said(desk: Client) -> None:
    for _number in range(MOST_FOUND + 1):
        named("王芳")
    [findings] = desk.get(find(desk, "王芳")).context["findings"]
    assert len(findings.found) == MOST_FOUND and findings.has_more
    for term in ("王", "", "\0", "李四", "99999999999999999999", "JD-0", "%_", "（；", "x" * 500):
        answer = desk.get(find(desk, term))
        assert answer.status_code == 200 and answer.context["findings"] == [], term
    assert "Nothing was found" in desk.get(find(desk, "李四")).content.decode()
    assert desk.get(reverse("admin:find_anything")).status_code == 405


def test_who_may_not_see_a_list_finds_nothing_of_it() -> None:
    person = named("欧阳小明")
    order(a_shopper(), "JD-1", "199.00")
    reader = signed_in(granted(an_operator(), "memberships.view_member"))
    assert reader.get(find(reader, "JD-1")).context["findings"] == []
    assert find(reader, "欧阳小明") == page_of(person)
    nobody = signed_in(an_operator("nobody"))
    assert nobody.get(find(nobody, "欧阳小明")).context["findings"] == []
    assert find(Client(), "欧阳小明").startswith("/admin/login/")


def test_a_search_asks_as_much_for_many_as_for_one(desk: Client) -> None:
    named("张三")
    url, asked = reverse("admin:find_anything"), []
    for number in (2, 10):
        for _number in range(number):
            named("张三丰")
        kept = desk.post(url, {"q": "张三"})["location"]
        with CaptureQueriesContext(connection) as found:
            desk.get(kept)
        asked.append(len(found))
    assert asked[0] == asked[1] <= 20
    assert len(list(registry.finders)) == 7


def test_the_palette_finds_pages_and_what_is_posted_finds_records_too(desk: Client) -> None:
    person, url = named("欧阳小明", "13912345678"), reverse("admin:search")
    posted = desk.post(url, {"s": "欧阳小明"})
    assert "no-store" in posted["Cache-Control"]
    assert page_of(person) in posted.content.decode() and "欧阳小明" not in posted.content.decode()
    assert page_of(person) not in desk.get(url, {"s": "欧阳小明"}).content.decode()
    pages = desk.post(url, {"s": "invoices"}).content.decode()
    assert reverse("admin:credit_invoice_changelist") in pages
    assert "Nothing was found" in desk.post(url, {"s": "nonsense here"}).content.decode()
    reader = signed_in(granted(an_operator(), "memberships.view_member"))
    assert reverse("admin:credit_invoice_changelist") not in reader.post(url, {"s": "invoices"}).content.decode()


def test_every_page_has_the_box(desk: Client) -> None:
    for url in ("/admin/", reverse("admin:memberships_member_changelist")):
        assert f'action="{reverse("admin:find_anything")}"' in desk.get(url).content.decode()
