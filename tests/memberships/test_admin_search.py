"""One box finds by number, code, name and mobile; PostgreSQL serves each by an index; no mobile enters an address."""

from urllib.parse import unquote

import pytest
from django.contrib import admin
from django.test import Client

from memberships.admin import lookups
from memberships.admin.customers import EnterpriseCustomerAdmin
from memberships.models import EnterpriseCustomer, MemberContact
from operations.admin.search import SearchKind
from tests.memberships.admin_pages import a_superuser, indexes_read, signed_in
from tests.memberships.factories import a_firm, a_person

pytestmark = pytest.mark.django_db
CUSTOMERS = "/admin/memberships/enterprisecustomer/"
MEMBERS = "/admin/memberships/member/"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def found(desk: Client, url: str, term: str) -> list[int]:
    page = desk.post(f"{url}find/", {"q": term}, follow=True)
    assert page.status_code == 200
    return [row.pk for row in page.context["cl"].result_list]


def test_a_firm_is_found_by_all_that_is_on_its_papers(desk: Client) -> None:
    firm = a_firm(legal_name="上海晨光(集团)有限公司", external_id="SAP-77")
    a_firm()
    code = firm.customer.credit_code
    for term in (
        firm.number, f"{firm.number[:5]} {firm.number[5:]}", code, code.lower(), f"{code[:8]}-{code[8:]}", "SAP-77",
        "上海晨光", "上海晨光（集团）", "晨光", "shcg", "光(集",
    ):
        assert found(desk, CUSTOMERS, term) == [firm.pk], term
    assert found(desk, CUSTOMERS, "晨曦") == found(desk, CUSTOMERS, "cg") == []
    assert found(desk, MEMBERS, code) == found(desk, MEMBERS, "晨光") == found(desk, MEMBERS, "SHCG") == [firm.pk]


def test_a_mistyped_number_is_nobody(desk: Client) -> None:
    number = a_firm().number
    answer = desk.post(f"{CUSTOMERS}find/", {"q": number[:-1] + str((int(number[-1]) + 1) % 10)}, follow=True)
    assert "Nobody was found by that." in answer.content.decode()


def test_a_mobile_finds_its_owners_and_stays_out_of_the_address(desk: Client) -> None:
    people = [a_person(), a_person()]
    answer = desk.post(f"{MEMBERS}find/", {"q": "+86 138 1234 5678"})
    assert "5678" not in unquote(answer["location"])
    assert found(desk, MEMBERS, "13812345678") == [people[1].pk, people[0].pk]
    nobody = desk.post(f"{MEMBERS}find/", {"q": "13900000000"})
    assert "139" not in nobody["location"]
    # Typed into the address by hand it finds nobody.
    assert desk.get(f"{MEMBERS}?q=13812345678").context["cl"].result_list == []


@pytest.mark.parametrize("url", [CUSTOMERS, MEMBERS, "/admin/memberships/subscription/", "/admin/operations/user/"])
@pytest.mark.parametrize("term", ["someone@example.com", "1693292", "％16932924267", "１３９０００", "13900000000"])
def test_what_may_be_personal_stays_out_of_the_address_though_nothing_is_found_by_it(
    desk: Client, url: str, term: str
) -> None:
    answer = desk.post(f"{url}find/", {"q": term})
    is_harmless = term == "１３９０００"
    assert (term in unquote(answer["location"])) == is_harmless
    if not is_harmless:
        assert answer["location"] == f"{url}?q="
        page = " ".join(desk.get(answer["location"]).content.decode().split())
        assert "Nobody was found by that." in page


def test_an_external_id_that_looks_like_a_telephone_number_leads_to_the_number_of_its_firm(desk: Client) -> None:
    firm = a_firm(external_id="02112345678")
    answer = desk.post(f"{CUSTOMERS}find/", {"q": "02112345678"})
    assert answer["location"] == f"{CUSTOMERS}?q={firm.number}"


def test_a_search_keeps_the_filters(desk: Client) -> None:
    a_firm(legal_name="北京一号公司", province="北京")
    other = a_firm(legal_name="北京二号公司", province="上海")
    page = desk.post(f"{CUSTOMERS}find/", {"q": "北京", "province": "上海"}, follow=True)
    assert [row.pk for row in page.context["cl"].result_list] == [other.pk]


@pytest.mark.parametrize(
    ("kind", "term", "index"),
    [
        (lookups.member_number(), "00000000018", "memberships_enterprisecustomer_pkey"),
        (lookups.credit_code(), "91110105MA00000000", "customer_credit_code"),
        (lookups.external_id(), "SAP-77", "customer_external_id"),
    ],
)
@pytest.mark.usefixtures("new_tables")
def test_each_kind_is_served_by_its_index(kind: SearchKind, term: str, index: str) -> None:
    condition = kind.condition(term)
    assert condition is not None
    query = EnterpriseCustomer.objects.filter(condition).order_by(*([kind.order] if kind.order else [])).values("pk")
    assert indexes_read(query[:1001]) == {index}


@pytest.mark.usefixtures("new_tables")
def test_a_mobile_is_served_by_its_index() -> None:
    assert indexes_read(MemberContact.objects.filter(mobile="13812345678")) == {"contact_mobile"}


@pytest.mark.parametrize(
    ("column", "index"),
    [("province", "customer_by_province"), ("industry", "customer_by_industry"), ("size", "customer_by_size")],
)
@pytest.mark.usefixtures("new_tables")
def test_each_filter_is_served_by_its_index_in_the_order_of_the_list(column: str, index: str) -> None:
    query = EnterpriseCustomer.objects.filter(**{column: "small"}).order_by("-pk").values("pk")[:51]
    assert indexes_read(query) == {index}


def test_the_box_says_what_it_finds(desk: Client) -> None:
    page = desk.get(CUSTOMERS).content.decode()
    kinds = admin.site._registry[EnterpriseCustomer].index_search
    assert kinds == EnterpriseCustomerAdmin.index_search
    assert all(str(kind.label) in page for kind in kinds)


def test_filters_offer_the_values_there_are(desk: Client) -> None:
    for province in ("北京", "上海", "北京", ""):
        a_firm(province=province)
    filters = desk.get(CUSTOMERS).context["cl"].filter_specs
    assert filters[0].lookup_choices == [("上海", "上海"), ("北京", "北京")]
