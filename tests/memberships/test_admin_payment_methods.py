"""Payment methods, and what a member's page says of money and points: tokens stay masked, rights are kept."""

import pytest

from memberships.models import Enrolment
from memberships.services.payment_methods import remove_payment_method
from tests.gateway import GatewayForTests
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.desk_stories import a_declined_card, an_auditors_desk
from tests.memberships.factories import TODAY, a_method, a_person, an_operator
from tests.memberships.points_stories import a_wallet, earn

pytestmark = pytest.mark.django_db
LIST = "/admin/memberships/paymentmethod/"


def test_a_token_is_never_shown_whole() -> None:
    method = a_method(a_person(), "tok_ok_secret_part")
    desk = signed_in(a_superuser())
    for address in (LIST, f"{LIST}{method.pk}/change/", f"{LIST}{method.pk}/history/"):
        page = desk.get(address).content.decode()
        assert "secret_part" not in page
        assert method.label in page
    assert f"…{method.token[-4:]}" in desk.get(LIST).content.decode()


def test_methods_are_found_by_member_number() -> None:
    method = a_method(a_person())
    a_method(a_person())
    answer = signed_in(a_superuser()).post(f"{LIST}find/", {"q": method.member.number}, follow=True)
    assert [row.pk for row in answer.context["cl"].result_list] == [method.pk]


def test_nobody_changes_a_method_here() -> None:
    method = a_method(a_person())
    desk = an_auditors_desk()
    assert desk.get(f"{LIST}{method.pk}/change/").status_code == 200
    assert desk.post(f"{LIST}{method.pk}/change/", {"token": "tok_mine"}).status_code == 403
    assert desk.post(f"{LIST}{method.pk}/delete/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_members_page_shows_methods_payments_and_wallets(gateway: GatewayForTests) -> None:
    card, payment = a_declined_card("tok_hard")
    wallet: Enrolment = a_wallet(card.member, card.programme)
    earn(wallet, 1234, on=TODAY)
    old = a_method(card.member, on=TODAY)
    remove_payment_method(old, on=TODAY, actor=None)
    address = f"/admin/memberships/member/{card.member_id}/change/"
    page = signed_in(a_superuser()).get(address).content.decode()
    assert "declined for good" in page and f"/payment/{payment.pk}/change/" in page
    assert f"/enrolment/{wallet.pk}/change/" in page and "1,234 points" in page
    assert payment.method.token not in page and "removed on" in page
    poor = signed_in(granted(an_operator(), "memberships.view_member")).get(address).content.decode()
    assert "declined" not in poor and "1,234" not in poor and "Payment methods" not in poor
