"""A session ends when nobody does anything, and after its hours; the page says why and leads back."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client

from operations.tasks import sweep_sessions
from tests.operations.sign_in_stories import LOGIN, PASSWORD, a_browser, a_person, type_password

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
USERS = "/admin/operations/user/"


@pytest.fixture
def browser(db: None) -> Client:
    a_person(is_superuser=True)
    return a_browser()


def test_nothing_done_for_half_an_hour_ends_it_and_the_sign_in_leads_back(browser: Client) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        type_password(browser, "xiaomei")
        for _round in range(3):
            clock.shift(timedelta(minutes=29))
            assert browser.get(USERS).status_code == 200
        clock.shift(timedelta(minutes=30))
        ended = browser.get(f"{USERS}?q=mei")
        assert ended["Location"] == f"{LOGIN}?next=%2Fadmin%2Foperations%2Fuser%2F%3Fq%3Dmei&ended=idle"
        page = browser.get(ended["Location"]).content.decode()
        assert "You were signed out, since nothing was done for a while." in page and "data-session-ended" in page
        sent = {"username": "xiaomei", "password": PASSWORD}
        assert browser.post(ended["Location"], sent)["Location"] == f"{USERS}?q=mei"


def test_a_script_that_looks_for_progress_keeps_nobody_signed_in_but_typing_does(browser: Client) -> None:
    script = {"sec-fetch-dest": "empty"}
    with time_machine.travel(MORNING, tick=False) as clock:
        type_password(browser, "xiaomei")
        clock.shift(timedelta(minutes=20))
        assert browser.get("/admin/session/", headers=script).json() == {"idle": 600, "hours": 12 * 3600 - 1200}
        assert browser.post("/admin/session/", headers=script).json()["idle"] == 1800
        clock.shift(timedelta(minutes=20))
        assert browser.get(USERS, headers=script).status_code == 200
        clock.shift(timedelta(minutes=10))
        assert browser.get("/admin/session/", headers=script).status_code == 302
        # Which ends it, but is no answer to the person: the page that is loaded anew says why.
        assert browser.get(USERS)["Location"].endswith("&ended=idle")


def test_after_twelve_hours_it_is_over_whatever_was_done(browser: Client) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        type_password(browser, "xiaomei")
        for _round in range(12 * 3 - 1):
            clock.shift(timedelta(minutes=20))
            assert browser.get("/admin/session/").status_code == 200
        clock.shift(timedelta(minutes=20))
        # A form that is sent then leads back to the page it stood on, if that is one of ours.
        for page, back in (("http://testserver/admin/operations/user/1/change/?x=1",
                            "%2Fadmin%2Foperations%2Fuser%2F1%2Fchange%2F%3Fx%3D1"),):
            ended = browser.post(f"{USERS}find/", {"q": "x"}, headers={"referer": page})
            assert ended["Location"] == f"{LOGIN}?next={back}&ended=hours"
        assert "a session lasts no longer" in browser.get(ended["Location"]).content.decode()


def test_a_form_sent_from_elsewhere_leads_to_the_overview(browser: Client) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        type_password(browser, "xiaomei")
        clock.shift(timedelta(minutes=31))
        ended = browser.post(f"{USERS}find/", {"q": "x"}, headers={"referer": "https://elsewhere.example/admin/"})
        assert ended["Location"] == f"{LOGIN}?next=%2Fadmin%2F&ended=idle"


def test_sessions_that_are_over_are_removed(browser: Client) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        type_password(browser, "xiaomei")
        clock.shift(timedelta(hours=11))
        sweep_sessions()
        assert Session.objects.count() == 1
        clock.shift(timedelta(hours=2))
        sweep_sessions()
        assert not Session.objects.exists()
