"""What holds for every list of the desk: nothing is deleted in bulk, nothing is searched that no index serves."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from operations.admin.base import DeskAdmin, ReadOnlyAdmin
from tests.memberships.admin_pages import a_superuser, counts_or_skips, signed_in
from tests.memberships.factories import a_firm, a_person, an_annual_card, jd_plus

pytestmark = pytest.mark.django_db
MEMBERS = "/admin/memberships/member/"
CUSTOMERS = "/admin/memberships/enterprisecustomer/"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def ours() -> list[DeskAdmin]:
    return [model_admin for model_admin in admin.site._registry.values() if isinstance(model_admin, DeskAdmin)]


def test_every_admin_stands_on_the_base_class() -> None:
    assert len(ours()) == len(admin.site._registry)


def test_bulk_deletion_is_gone_everywhere(rf) -> None:
    request = rf.get("/")
    request.user = a_superuser()
    assert all("delete_selected" not in model_admin.get_actions(request) for model_admin in ours())


def test_read_only_means_so_even_for_a_superuser(rf) -> None:
    request = rf.get("/")
    request.user = a_superuser()
    for model_admin in ours():
        if not isinstance(model_admin, ReadOnlyAdmin):
            continue
        assert not model_admin.has_change_permission(request)
        assert not model_admin.has_delete_permission(request)
        # A class that says otherwise: an import begins with an upload, a run with a start.
        if type(model_admin).has_add_permission is ReadOnlyAdmin.has_add_permission:
            assert not model_admin.has_add_permission(request)


@pytest.mark.parametrize("query", ["remarks__icontains=x", "legal_name__contains=x", "member__closed_on__isnull=1"])
def test_a_column_that_no_filter_offers_is_not_asked(desk: Client, query: str) -> None:
    assert desk.get(f"{CUSTOMERS}?{query}").status_code == 400


def test_an_order_that_no_index_serves_is_ignored(desk: Client) -> None:
    a_firm()
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(f"{CUSTOMERS}?o=4.-2").status_code == 200
    assert not any('ORDER BY "memberships_enterprisecustomer"."city"' in query["sql"] for query in queries)


def test_every_list_opens_and_none_counts_or_skips(desk: Client) -> None:
    a_firm()
    a_person()
    for model in admin.site._registry:
        url = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(url).status_code == 200, url
        assert counts_or_skips(queries.captured_queries) == [], url


def test_the_first_page_shows_figures_and_counts_nothing(desk: Client) -> None:
    a_firm()
    with CaptureQueriesContext(connection) as queries:
        page = desk.get("/admin/")
    assert page.status_code == 200
    assert counts_or_skips(queries.captured_queries) == []


def test_a_list_pages_by_links(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeskAdmin, "list_per_page", 2)
    people = [a_person() for _number in range(5)]
    first = desk.get(MEMBERS)
    assert [member.pk for member in first.context["cl"].result_list] == [people[4].pk, people[3].pk]
    second = desk.get(MEMBERS + first.context["cl"].next_url)
    assert [member.pk for member in second.context["cl"].result_list] == [people[2].pk, people[1].pk]
    assert second.context["cl"].previous_url in second.content.decode()
    back = desk.get(MEMBERS + second.context["cl"].previous_url)
    assert [member.pk for member in back.context["cl"].result_list] == [people[4].pk, people[3].pk]
    assert desk.get(MEMBERS + "?after=nonsense").status_code == 302


def test_the_palette_finds_pages_and_never_records(desk: Client) -> None:
    a_firm(legal_name="ABC贸易有限公司")
    found = desk.get("/admin/search/?extended=1&s=ABC贸易").content.decode()
    assert "/change/" not in found and "ABC" not in found
    assert CUSTOMERS in desk.get("/admin/search/?extended=1&s=enterprise").content.decode()


def test_the_count_below_a_list_agrees_with_its_noun(desk: Client) -> None:
    a_person()
    assert "1 record<" in desk.get(MEMBERS).content.decode()
    a_person()
    assert "2 records<" in desk.get(MEMBERS).content.decode()


def test_plans_are_listed_by_the_name_in_the_readers_language(desk: Client) -> None:
    plan = an_annual_card(jd_plus())
    page = desk.get("/admin/memberships/plan/").content.decode()
    assert plan.name_en in page and plan.name not in page
    page = desk.get("/admin/memberships/plan/", headers={"accept-language": "zh-hans"}).content.decode()
    assert plan.name in page
