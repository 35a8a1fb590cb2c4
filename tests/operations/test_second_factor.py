"""The second factor: set up with a phone, asked for after the password, gone only when two people say so."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from operations.models import RecoveryCode, SecondFactor, User
from operations.services.second_factor import CodeRefusedError, take_code
from tests.operations.sign_in_stories import (
    ENROL,
    LOGIN,
    VERIFY,
    a_browser,
    a_person,
    code_of,
    type_password,
    with_phone,
)

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = timedelta(minutes=2)


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Everything here is stored."""


def enrolment_key(page: str) -> str:
    found = re.search(r'id="second-factor-key">([A-Z2-7 ]+)<', page)
    assert found is not None
    return found[1].replace(" ", "")


def test_who_needs_a_second_factor_is_led_to_it_and_nowhere_else(settings: object) -> None:
    settings.SECOND_FACTOR = "required"  # type: ignore[attr-defined]
    user, browser = a_person(is_superuser=True), a_browser()
    assert type_password(browser, "xiaomei") == 302
    for address in ("/admin/", "/admin/memberships/member/", "/admin/search/?s=x", "/api/v1/docs", VERIFY):
        answer = browser.get(address)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, ENROL), address
    sent = browser.post("/admin/memberships/member/find/", {"q": "1"}, headers={"referer": "http://testserver/admin/x/"})
    assert sent["Location"] == f"{ENROL}?next=%2Fadmin%2Fx%2F"
    page = browser.get(f"{ENROL}?next=/admin/operations/user/").content.decode()
    key = enrolment_key(page)
    assert "<svg" in page and enrolment_key(browser.get(ENROL).content.decode()) == key
    assert browser.post(ENROL, {"code": "000000"}).status_code == 422
    done = browser.post(f"{ENROL}?next=/admin/operations/user/", {"code": code_of(key, at=timezone.now())})
    assert done.status_code == 200 and "no-store" in done["Cache-Control"]
    codes = re.findall(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>", done.content.decode())
    assert len(set(codes)) == 10
    assert browser.get("/admin/operations/user/").status_code == 200
    assert user.second_factor.recovery_codes.count() == 10


def test_key_and_recovery_codes_are_nowhere_in_clear() -> None:
    key, codes = with_phone(a_person(), at=MORNING)
    with connection.cursor() as cursor:
        for table in ("secondfactor", "secondfactorevent", "recoverycode", "recoverycodeevent"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM operations_{table} t")
            stored = cursor.fetchone()[0]
            assert stored and not [word for word in (key, *codes) if word in stored or word.replace("-", "") in stored]


def test_after_the_password_comes_the_code_and_then_the_page_that_was_wanted() -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        key, _codes = with_phone(a_person(is_superuser=True), at=MORNING)
        browser = a_browser()
        clock.shift(LATER)
        assert type_password(browser, "xiaomei", wanted="/admin/operations/user/") == 302
        kept = browser.get("/admin/operations/user/")
        assert kept["Location"] == f"{VERIFY}?next=%2Fadmin%2Foperations%2Fuser%2F"
        assert browser.get(ENROL)["Location"].startswith(VERIFY)
        assert browser.get(kept["Location"]).status_code == 200
        assert browser.post(kept["Location"], {"code": "123456"}).status_code == 422
        code, before = code_of(key, at=MORNING + LATER), browser.session.session_key
        assert browser.post(kept["Location"], {"code": code})["Location"] == "/admin/operations/user/"
        assert browser.session.session_key != before
        assert browser.get("/admin/operations/user/").status_code == 200
        # Not to a page elsewhere, and no code twice.
        other = a_browser()
        type_password(other, "xiaomei")
        assert other.post(VERIFY, {"code": code}).status_code == 422
        clock.shift(timedelta(seconds=30))
        code = code_of(key, at=MORNING + LATER + timedelta(seconds=30))
        assert other.post(f"{VERIFY}?next=https://elsewhere.example/", {"code": code})["Location"] == "/admin/"


def test_a_recovery_code_signs_in_once_and_the_page_says_how_many_are_left() -> None:
    user = a_person(is_superuser=True)
    _key, codes = with_phone(user, at=MORNING)
    browser = a_browser()
    type_password(browser, "xiaomei")
    assert browser.post(VERIFY, {"code": codes[0].upper().replace("-", " ")}).status_code == 302
    page = browser.get(ENROL).content.decode()
    assert re.search(r"Recovery codes left</dt><dd>9<", page)
    again = a_browser()
    type_password(again, "xiaomei")
    assert again.post(VERIFY, {"code": codes[0]}).status_code == 422
    used = RecoveryCode.objects.exclude(used_at=None).get()
    assert used.audit_events.get(pgh_label="update").pgh_context.metadata["user"] == user.pk


def test_of_two_at_once_with_the_same_code_one_is_refused(transactional_db: None) -> None:
    user = a_person()
    key, codes = with_phone(user, at=MORNING)

    def take(code: str) -> bool:
        try:
            take_code(User.objects.get(pk=user.pk), code, at=MORNING + LATER)
        except CodeRefusedError:
            return False
        finally:
            connection.close()
        return True

    for code in (code_of(key, at=MORNING + LATER), codes[0]):
        with ThreadPoolExecutor(4) as people:
            assert sum(people.map(take, [code] * 4)) == 1


@pytest.mark.parametrize(
    ("late", "is_taken"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)]
)
def test_a_clock_may_be_half_a_minute_off(late: int, is_taken: bool) -> None:
    user, noon = a_person(), MORNING + timedelta(hours=3)
    key, _codes = with_phone(user, at=MORNING)
    code = code_of(key, at=noon + timedelta(seconds=late))
    if is_taken:
        take_code(user, code, at=noon)
        assert SecondFactor.objects.get(user=user).last_step == int((noon.timestamp() + late) // 30)
    else:
        with pytest.raises(CodeRefusedError):
            take_code(user, code, at=noon)


def test_new_codes_make_the_old_ones_void_and_other_sessions_end_with_the_factor() -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        user = a_person(is_superuser=True)
        key, codes = with_phone(user, at=MORNING)
        clock.shift(LATER)
        here, there = a_browser(), a_browser()
        for browser, code in ((here, codes[0]), (there, codes[1])):
            type_password(browser, "xiaomei")
            assert browser.post(VERIFY, {"code": code}).status_code == 302
        assert here.post(ENROL, {"code": "nonsense", "does": "remove"}).status_code == 422
        made = here.post(ENROL, {"code": code_of(key, at=MORNING + LATER), "does": "renew"}).content.decode()
        assert len(re.findall(r"<li>[a-z2-9]{5}-[a-z2-9]{5}</li>", made)) == 10
        with pytest.raises(CodeRefusedError):
            take_code(user, codes[2], at=MORNING + LATER)
        clock.shift(LATER)
        gone = here.post(ENROL, {"code": code_of(key, at=MORNING + LATER + LATER), "does": "remove"})
        assert gone["Location"] == "/admin/" and not SecondFactor.objects.exists()
        assert here.get("/admin/").status_code == 200
        assert there.get("/admin/")["Location"].startswith(LOGIN)


def test_where_it_is_required_nobody_removes_their_own(settings: object) -> None:
    settings.SECOND_FACTOR = "required"  # type: ignore[attr-defined]
    user = a_person(is_superuser=True)
    _key, codes = with_phone(user, at=MORNING)
    browser = a_browser()
    type_password(browser, "xiaomei")
    browser.post(VERIFY, {"code": codes[0]})
    assert 'value="remove"' not in browser.get(ENROL).content.decode()
    assert browser.post(ENROL, {"code": codes[1], "does": "remove"})["Location"] == ENROL
    assert SecondFactor.objects.filter(user=user).exists()


def test_a_second_enrolment_is_refused() -> None:
    user = a_person()
    with_phone(user, at=MORNING)
    browser = Client()
    browser.force_login(user)
    assert browser.get(ENROL)["Location"].startswith(VERIFY)
