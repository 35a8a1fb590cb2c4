"""A firm is changed by hand with a reason; the form says what is wrong; nobody overwrites another."""

import pytest
from django.test import Client

from memberships.models import EnterpriseCustomer, Member
from memberships.services.customers import CustomerChangedError, CustomerInvalidError, change_customer, fingerprint
from operations.services.reveals import ReasonMissingError
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import a_firm, an_operator, last_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm() -> Member:
    return a_firm(province="北京", city="北京")


@pytest.fixture
def desk() -> Client:
    return signed_in(granted(an_operator(), "memberships.change_enterprisecustomer"))


def edit_url(firm: Member) -> str:
    return f"/admin/memberships/enterprisecustomer/{firm.pk}/edit/"


def form_of(customer: EnterpriseCustomer, **changes: object) -> dict[str, object]:
    shown = ("legal_name", "credit_code", "province", "city", "industry", "size", "remarks")
    return {
        **{name: getattr(customer, name) for name in shown},
        "external_id": customer.external_id or "", "flags": customer.flags,
        "seen": fingerprint(customer), "reason": "moved", **changes,
    }


def test_a_change_by_hand_is_kept_with_its_reason(desk: Client, firm: Member) -> None:
    assert desk.get(edit_url(firm)).status_code == 200
    answer = desk.post(edit_url(firm), form_of(firm.customer, city="天津", flags=["fortune500"], size="large"))
    assert answer.status_code == 302
    customer = EnterpriseCustomer.objects.get(pk=firm.pk)
    assert (customer.city, customer.flags, customer.size) == ("天津", ["fortune500"], "large")
    facts = last_event(customer).pgh_context
    assert facts["reason"] == "moved" and facts["url"] == edit_url(firm)
    newest = desk.get(f"/admin/memberships/enterprisecustomer/{firm.pk}/history/").context["history"].entries[0]
    assert ("北京", "天津") in [(change.before, change.after) for change in newest.changes]
    assert newest.reason == "moved" and newest.actor.username == "xiaomei"


@pytest.mark.parametrize(
    ("field", "value"),
    [("reason", " "), ("credit_code", "911101050000000001"), ("credit_code", "1.10105E+17"), ("legal_name", " "),
     ("size", "huge"), ("flags", ["unheard-of"])],
)
def test_what_is_wrong_stands_at_its_field(desk: Client, firm: Member, field: str, value: object) -> None:
    page = desk.post(edit_url(firm), form_of(firm.customer, **{field: value}))
    assert page.status_code == 422 and list(page.context["form"].errors) == [field]
    assert fingerprint(EnterpriseCustomer.objects.get(pk=firm.pk)) == fingerprint(firm.customer)


def test_anothers_code_is_refused(desk: Client, firm: Member) -> None:
    page = desk.post(edit_url(firm), form_of(firm.customer, credit_code=a_firm().customer.credit_code))
    assert page.status_code == 422 and page.context["form"].errors


def test_who_saw_an_older_state_does_not_overwrite(desk: Client, firm: Member) -> None:
    stale = form_of(firm.customer, city="天津")
    change_customer(firm.customer, changes={"remarks": "called"}, reason="call", actor=None)
    page = desk.post(edit_url(firm), stale)
    assert page.status_code == 422
    assert EnterpriseCustomer.objects.get(pk=firm.pk).remarks == "called"


def test_the_service_says_what_it_will_not_do(firm: Member) -> None:
    customer = firm.customer
    with pytest.raises(ReasonMissingError):
        change_customer(customer, changes={"city": "x"}, reason=" ", actor=None)
    with pytest.raises(CustomerChangedError):
        change_customer(customer, changes={"city": "x"}, reason="why", actor=None, seen="other")
    with pytest.raises(CustomerInvalidError) as error:
        change_customer(customer, changes={"size": "huge"}, reason="why", actor=None)
    assert list(error.value.faults) == ["size"]
    with pytest.raises(ValueError, match="member"):
        change_customer(customer, changes={"member": 1}, reason="why", actor=None)


def test_full_width_and_separators_are_folded_and_a_blank_external_id_is_none(firm: Member) -> None:
    code = firm.customer.credit_code
    changed = change_customer(
        firm.customer, changes={"credit_code": f"{code[:8]}-{code[8:]} ".lower(), "external_id": " ", "city": "Ａ"},
        reason="tidy", actor=None,
    )
    assert (changed.credit_code, changed.external_id, changed.city) == (code, None, "A")


def test_who_may_only_view_cannot_change(firm: Member) -> None:
    viewer = signed_in(granted(an_operator(), "memberships.view_enterprisecustomer"))
    assert viewer.get(edit_url(firm)).status_code == 403
    assert edit_url(firm) not in viewer.get(f"/admin/memberships/enterprisecustomer/{firm.pk}/change/").content.decode()


def test_the_plain_form_saves_nothing_even_for_a_superuser(firm: Member) -> None:
    url = f"/admin/memberships/enterprisecustomer/{firm.pk}/change/"
    assert signed_in(a_superuser()).post(url, {"city": "天津"}).status_code == 403
    assert EnterpriseCustomer.objects.get(pk=firm.pk).city == "北京"
