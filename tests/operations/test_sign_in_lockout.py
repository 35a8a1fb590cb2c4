"""Lockout: too many failures lock a name or an address for a while; the page says until when, and somebody may help."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from operations.models import Approval, SecondFactor, SignInLock
from operations.roles import ADMINISTRATOR, APPROVER, AUDITOR, OPERATOR, Role
from operations.services.approvals import approve
from operations.services.sign_in import locked_until, note_failure
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.factories import TODAY
from tests.operations.sign_in_stories import LOGIN, PASSWORD, VERIFY, a_browser, a_person, type_password, with_phone

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
USERS, LOCKS = "/admin/operations/user/", "/admin/operations/signinlock/"


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Everything here is stored."""


def of_role(role: Role, username: str) -> object:
    user = a_person(username)
    user.groups.add(Group.objects.get(name=role.group))
    return user


def test_the_fifth_wrong_password_locks_the_name_and_the_right_one_waits_like_any_other() -> None:
    a_person()
    with time_machine.travel(MORNING, tick=False) as clock:
        browser = a_browser()
        assert [type_password(browser, "xiaomei", "wrong") for _try in range(4)] == [200] * 4
        locked = browser.post(LOGIN, {"username": "xiaomei", "password": "wrong"})
        assert locked.status_code == 429 and locked["Retry-After"] == "900"
        assert "You can try again from 2026-11-23 09:15:00 on" in locked.content.decode()
        clock.shift(timedelta(minutes=14, seconds=59))
        # From elsewhere, too; and it is not prolonged by trying.
        assert type_password(a_browser(), "xiaomei") == 429
        clock.shift(timedelta(seconds=1))
        assert type_password(browser, "xiaomei") == 302
        # Begins anew.
        assert [type_password(a_browser(), "xiaomei", "wrong") for _try in range(4)] == [200] * 4


def test_in_chinese_the_page_says_until_when_too() -> None:
    with time_machine.travel(MORNING, tick=False):
        for _try in range(4):
            note_failure("xiaomei", None, at=MORNING)
        browser = a_browser()
        page = browser.post(LOGIN, {"username": "xiaomei", "password": "x"}, headers={"accept-language": "zh-hans"})
        assert "登录失败次数过多，请于 2026-11-23 09:15:00 之后重试。" in page.content.decode()


def test_a_success_forgets_the_failures_and_time_does() -> None:
    a_person()
    with time_machine.travel(MORNING, tick=False) as clock:
        for _round in range(3):
            assert [type_password(a_browser(), "xiaomei", "wrong") for _try in range(4)] == [200] * 4
            assert type_password(a_browser(), "xiaomei") == 302
        assert not SignInLock.objects.filter(kind="name").exists()
        for _round in range(3):
            assert [type_password(a_browser(), "xiaomei", "wrong") for _try in range(4)] == [200] * 4
            clock.shift(timedelta(minutes=15, seconds=1))


def test_a_name_that_is_nobodys_is_locked_like_any_other_and_kept_by_its_hash() -> None:
    browser = a_browser()
    assert [type_password(browser, "my-pass-word", "x") for _try in range(5)] == [200] * 4 + [429]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM operations_signinlock t")
        assert "my-pass-word" not in cursor.fetchone()[0]


def test_an_address_has_more_tries_and_what_strangers_say_it_is_counts_behind_our_proxy_only(settings: object) -> None:
    settings.LOCKOUT_ADDRESS_FAILURES = 7  # type: ignore[attr-defined]
    a_person()
    names = [type_password(a_browser(), f"guess{number}", "x") for number in range(7)]
    assert names == [200] * 6 + [429]
    assert type_password(a_browser(), "xiaomei") == 429
    elsewhere = {"x-forwarded-for": "192.0.2.9, 198.51.100.7"}
    sent = {"username": "xiaomei", "password": PASSWORD}
    assert a_browser().post(LOGIN, sent, headers=elsewhere).status_code == 429
    settings.BEHIND_PROXY = True  # type: ignore[attr-defined]
    assert a_browser().post(LOGIN, sent, headers=elsewhere).status_code == 302
    # What our proxy heard is the last; those before are the client's own word.
    for number in range(7):
        forged = {"x-forwarded-for": f"10.0.0.{number}, 203.0.113.5"}
        status = a_browser().post(LOGIN, {"username": f"other{number}", "password": "x"}, headers=forged).status_code
    assert status == 429 and SignInLock.objects.filter(address="203.0.113.5", failures=7).exists()


def test_failures_at_once_are_all_counted(transactional_db: None) -> None:
    def fail(_number: int) -> None:
        note_failure("xiaomei", "192.0.2.1", at=MORNING)
        connection.close()

    with ThreadPoolExecutor(4) as people:
        list(people.map(fail, range(4)))
    assert set(SignInLock.objects.values_list("failures", flat=True)) == {4}


def test_wrong_codes_lock_by_themselves_and_what_strangers_do_to_the_name_does_not_keep_its_owner_out() -> None:
    user = a_person(is_superuser=True)
    _key, codes = with_phone(user, at=timezone.now())
    inside = a_browser()
    type_password(inside, "xiaomei")
    assert [type_password(a_browser(), "xiaomei", "wrong") for _try in range(5)][-1] == 429
    assert [inside.post(VERIFY, {"code": "000000"}).status_code for _try in range(4)] == [422] * 4
    assert inside.post(VERIFY, {"code": "000000"}).status_code == 429
    # Signed out with it, and the right code does not help until the time is over.
    assert inside.get(VERIFY)["Location"].startswith(LOGIN)
    SignInLock.objects.filter(kind="name").delete()
    type_password(inside, "xiaomei")
    assert inside.post(VERIFY, {"code": codes[0]}).status_code == 429


def test_an_administrator_unlocks_with_a_reason_that_the_users_history_keeps() -> None:
    xiaomei, boss = a_person(), of_role(ADMINISTRATOR, "boss")
    for _try in range(5):
        note_failure("xiaomei", "192.0.2.1", at=timezone.now())
    desk = signed_in(boss)
    assert "locked until" in desk.get(f"{USERS}{xiaomei.pk}/change/").content.decode()
    assert "192.0.2.1" in desk.get(LOCKS).content.decode()
    url = f"{USERS}{xiaomei.pk}/unlock/"
    assert desk.post(url, {"reason": " "}).status_code == 422
    assert desk.post(url, {"reason": "来电核实本人"}).status_code == 302
    assert locked_until("xiaomei", None, at=timezone.now()) is None
    history = desk.get(f"{USERS}{xiaomei.pk}/history/").context["history"].entries
    assert (history[0].reason, history[0].actor) == ("来电核实本人", boss)
    # Once: the button is gone, and so is what it did.
    assert desk.post(url, {"reason": "noch einmal"}).status_code == 403


def test_who_is_locked_out_is_for_administrators_and_auditors() -> None:
    xiaomei = a_person()
    with_phone(xiaomei, at=MORNING)
    for role, sees in ((ADMINISTRATOR, True), (AUDITOR, True), (OPERATOR, False)):
        desk = signed_in(of_role(role, role.name))
        assert ("factor" in str(desk.get(USERS).context["cl"].list_display)) is sees
        assert ("recovery codes left: 10" in desk.get(f"{USERS}{xiaomei.pk}/change/").content.decode()) is sees
        assert desk.get(LOCKS).status_code == (200 if sees else 403)
        # Who may not know it cannot filter by it either.
        listed = desk.get(f"{USERS}?second_factor=yes")
        assert listed.status_code == (200 if sees else 400)
        assert not sees or [user.username for user in listed.context["cl"].result_list] == ["xiaomei"]


# --- a lost phone


def test_a_lost_phone_takes_two_other_people() -> None:
    xiaomei, boss = a_person(), of_role(ADMINISTRATOR, "boss")
    checker = of_role(APPROVER, "laowang")
    with_phone(xiaomei, at=MORNING)
    url = f"{USERS}{xiaomei.pk}/reset-second-factor/"
    assert signed_in(of_role(OPERATOR, "ling")).get(url).status_code == 403
    desk = signed_in(boss)
    assert "Request" in desk.post(url, {"reason": "手机丢失"}, follow=True).content.decode()
    request = Approval.objects.get(action="reset_second_factor")
    assert SecondFactor.objects.exists()
    done = approve(request, checker=checker, decision="", on=TODAY, at=timezone.now())
    assert done.state == "executed" and not SecondFactor.objects.exists()
    history = desk.get(f"{USERS}{xiaomei.pk}/history/").context["history"].entries
    assert [entry.reason for entry in history][:1] == ["手机丢失"]
    assert desk.get(url).status_code == 403


def test_nobody_resets_or_approves_the_reset_of_their_own() -> None:
    boss, laowang = of_role(ADMINISTRATOR, "boss"), of_role(APPROVER, "laowang")
    with_phone(laowang, at=MORNING)
    signed_in(boss).post(f"{USERS}{laowang.pk}/reset-second-factor/", {"reason": "手机丢失"})
    request = Approval.objects.get()
    refused = approve(request, checker=laowang, decision="", on=TODAY, at=timezone.now())
    assert refused.state == "refused" and SecondFactor.objects.filter(user=laowang).exists()
    root = a_superuser()
    with_phone(root, at=MORNING)
    assert signed_in(root).get(f"{USERS}{root.pk}/reset-second-factor/")["Location"].startswith(VERIFY)


def test_who_has_the_machine_resets_with_a_reason() -> None:
    xiaomei = a_person()
    with_phone(xiaomei, at=MORNING)
    call_command("reset_second_factor", "xiaomei", reason="only superuser, phone lost")
    gone = SecondFactor.pgh_event_models["delete"].objects.get(user=xiaomei, pgh_label="delete")
    assert gone.pgh_context.metadata["reason"] == "only superuser, phone lost"
    for username in ("xiaomei", "nobody"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", username, reason="again")
