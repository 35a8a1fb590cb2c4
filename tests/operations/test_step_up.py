"""Before money and personal data who has not proved it lately says once more who they are; nothing typed is lost."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db.models import Q
from django.test import Client
from django.utils import timezone

from operations import registry
from operations.models import Approval, ApprovalLimit, Reveal, SignInLock, TrailExport, User
from operations.proofs import demand_proof
from operations.services.approvals import ask
from partners.models import PartnerKey
from tests.memberships.admin_pages import a_superuser, granted
from tests.memberships.factories import TODAY, a_firm
from tests.operations.approval_stories import a_checker, a_painter, a_wall, painting
from tests.operations.sign_in_stories import (
    LOGIN,
    PASSWORD,
    VERIFY,
    a_browser,
    a_person,
    code_of,
    type_password,
    with_phone,
)
from tests.partners.partner_stories import a_partner

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=11)


@pytest.fixture(autouse=True)
def clock(settings: object) -> Iterator[Any]:
    settings.STEP_UP_MINUTES = 10  # type: ignore[attr-defined]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def desk_of(user: User) -> Client:
    browser = a_browser()
    type_password(browser, user.username)
    return browser


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def a_keeper() -> User:
    return granted(a_person(), "memberships.view_membercontact", "memberships.reveal_membercontact")


def test_personal_data_is_shown_after_the_password_and_what_was_typed_goes_along(
    clock: Any,
) -> None:
    url = f"/admin/memberships/membercontact/{a_firm().contacts.get().pk}/reveal/"
    sent = {"fields_wanted": ["mobile", "email"], "reason": "核对 <身份>"}
    browser = desk_of(a_keeper())
    clock.shift(timedelta(minutes=10))
    assert b"13987654321" in browser.post(url, sent).content
    clock.shift(timedelta(seconds=1))
    asked = browser.post(url, sent)
    assert asked.status_code == 403 and b"13987654321" not in asked.content
    page = asked.content.decode()
    assert page.count('name="fields_wanted"') == 2 and 'value="核对 &lt;身份&gt;"' in page and "Your password" in page
    assert browser.post(url, {**sent, "proof_asked_again": "wrong"}).status_code == 403
    assert Reveal.objects.count() == 2
    shown = browser.post(url, {**sent, "proof_asked_again": PASSWORD})
    assert shown.status_code == 200 and b"13987654321" in shown.content and Reveal.objects.count() == 4
    # Good for ten minutes again.
    clock.shift(timedelta(minutes=9))
    assert browser.post(url, sent).status_code == 200


def test_who_has_a_phone_proves_it_by_a_code(clock: Any) -> None:
    user = a_keeper()
    key, codes = with_phone(user, at=timezone.now())
    url = f"/admin/memberships/membercontact/{a_firm().contacts.get().pk}/reveal/"
    browser = desk_of(user)
    browser.post(VERIFY, {"code": codes[0]})
    clock.shift(LATER)
    sent = {"fields_wanted": ["mobile"], "reason": "核对身份"}
    assert "Code of your phone" in browser.post(url, sent).content.decode()
    assert browser.post(url, {**sent, "proof_asked_again": PASSWORD}).status_code == 403
    shown = browser.post(url, {**sent, "proof_asked_again": code_of(key, at=timezone.now())})
    assert b"13987654321" in shown.content


def test_deciding_a_request_is_asked_for_and_done_once(clock: Any) -> None:
    with painting():
        maker, wall = a_painter(), a_wall()
        ask("paint_wall", {"wall": wall.pk, "colour": "red", "litres": 9}, actor=maker, reason="wedding", on=TODAY,
            at=timezone.now())
        browser, request = desk_of(a_checker()), Approval.objects.get()
        url = f"/admin/operations/approval/{request.pk}/approve/"
        clock.shift(LATER)
        assert browser.get(url).status_code == 200
        page = browser.post(url, {"reason": "looks good"})
        assert page.status_code == 403 and hidden(page.content.decode())["reason"] == "looks good"
        assert Approval.objects.get().state == "waiting"
        browser.post(url, {"reason": "looks good", "proof_asked_again": PASSWORD})
        done = Approval.objects.get()
        assert (done.state, done.decision) == ("executed", "looks good")


def test_asking_for_what_has_limits_is_asked_for_too(clock: Any) -> None:
    root, group = a_superuser(), Group.objects.create(name="x")
    browser = desk_of(root)
    sent = {"action": "refund_payment", "group": group.pk, "amount": "5", "reason": "新岗位"}
    clock.shift(LATER)
    assert browser.post("/admin/operations/approvallimit/add/", sent).status_code == 403
    assert not Approval.objects.exists() and not ApprovalLimit.objects.filter(group=group).exists()
    sent["proof_asked_again"] = PASSWORD
    again = browser.post("/admin/operations/approvallimit/add/", sent)
    assert again.status_code == 302 and Approval.objects.get().reason == "新岗位"


def test_tokens_keys_rights_and_the_trail_are_asked_for_too(clock: Any) -> None:
    """What would let somebody act for others or see all of them; and no page holds a password that was typed."""
    browser, group = desk_of(a_superuser()), Group.objects.create(name="x")
    partner = a_partner("iqiyi", has_keys=False)
    clerk = a_person()
    names = {"username": clerk.username, "first_name": "小明", "is_active": "on", "is_staff": "on"}
    new = {"username": "novice", "usable_password": "true", "password1": "Kz7-plum-tree", "password2": "Kz7-plum-tree"}
    scopes = [next(iter(registry.api_scopes)).name]
    sent = {
        "operations/apiclient/make": {"name": "商城", "scopes": scopes, "reason": "上线"},
        f"partners/partner/{partner.pk}/make-key": {"direction": "ours", "reason": "换钥"},
        "operations/trailexport/search/export": {"reason": "季度审计", "kind": "csv"},
        f"operations/user/{clerk.pk}/change": {**names, "groups": [group.pk]},
        "operations/user/add": new,
        f"operations/user/{clerk.pk}/password": new,
        f"auth/group/{group.pk}/change": {"name": "y"},
    }
    sent = {url: {**hidden(browser.get(f"/admin/{url}/").content.decode()), **fields} for url, fields in sent.items()}
    clock.shift(LATER)
    for url, fields in sent.items():
        page = browser.post(f"/admin/{url}/", fields)
        assert (page.status_code, "Your password" in page.content.decode()) == (403, True), url
        assert "Kz7-plum-tree" not in page.content.decode() and "no-store" in page["Cache-Control"]
    assert not User.objects.filter(Q(username="novice") | Q(groups=group) | Q(username__startswith="api-")).exists()
    assert not PartnerKey.objects.exists() and not TrailExport.objects.exists()
    # Names are nobody's rights.
    assert browser.post(f"/admin/operations/user/{clerk.pk}/change/", names).status_code == 302
    for url, fields in sent.items():
        again = browser.post(f"/admin/{url}/", {**fields, "proof_asked_again": PASSWORD})
        assert again.status_code in (200, 302), (url, again.status_code)
        clock.shift(LATER)
    assert User.objects.get(username="novice").check_password("Kz7-plum-tree")
    assert clerk.groups.get().name == "y" and PartnerKey.objects.count() == TrailExport.objects.count() == 1


def test_wrong_proofs_lock_and_sign_out(clock: Any) -> None:
    url = f"/admin/memberships/membercontact/{a_firm().contacts.get().pk}/reveal/"
    browser = desk_of(a_keeper())
    clock.shift(LATER)
    sent = {"fields_wanted": ["mobile"], "reason": "核对身份", "proof_asked_again": "wrong"}
    assert [browser.post(url, sent).status_code for _try in range(5)] == [403] * 4 + [429]
    assert SignInLock.objects.get(kind="proof").failures == 5
    assert browser.get(url)["Location"].startswith(LOGIN)


def test_nobody_at_a_desk_is_asked_for_nothing(settings: object) -> None:
    demand_proof(at=timezone.now() + timedelta(days=1))
    settings.STEP_UP_MINUTES = 0  # type: ignore[attr-defined]
    browser = desk_of(a_keeper())
    with time_machine.travel(timezone.now() + timedelta(minutes=25)):
        url = f"/admin/memberships/membercontact/{a_firm().contacts.get().pk}/reveal/"
        assert browser.post(url, {"fields_wanted": ["mobile"], "reason": "核对身份"}).status_code == 200
