"""A member's history: everything that happened to the member and what belongs to it, in pages, in words."""

import pytest
from django.utils import translation

from memberships.admin.sections import history_sources
from memberships.dates import BUSINESS_ZONE
from memberships.services.subscriptions import cancel_subscription, join
from operations.admin.history import read_history
from operations.audit import because
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.factories import TODAY, a_firm, a_person, an_annual_card, an_operator

pytestmark = pytest.mark.django_db


def test_pages_of_a_history_meet_every_event_once() -> None:
    member = a_person()
    join(member, an_annual_card(), on=TODAY, actor=None)
    sources = history_sources(member)
    whole = [entry.cursor for entry in read_history(sources, size=100).entries]
    assert len(whole) >= 4 and whole == sorted(whole, reverse=True)
    seen, before = [], None
    while True:
        page = read_history(sources, before=before, size=1)
        seen += [entry.cursor for entry in page.entries]
        if (before := page.older) is None:
            break
    assert seen == whole


def test_an_entry_says_what_who_and_why() -> None:
    xiaomei = an_operator()
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    cancel_subscription(subscription, on=TODAY, reason="moved abroad", actor=xiaomei)
    with translation.override("en"):
        entry = read_history(history_sources(subscription.member)).entries[0]
    assert (entry.label, entry.actor, entry.reason) == ("update", xiaomei, "moved abroad")
    changed = {change.field: (change.before, change.after) for change in entry.changes}
    assert set(changed) == {"cancelled on", "ended on"}
    assert all(before == "" and after for before, after in changed.values())


def test_references_and_choices_are_read_as_names() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    with translation.override("en"):
        entries = read_history(history_sources(subscription.member)).entries
    shown = {change.field: change.after for entry in entries for change in entry.changes}
    assert shown["plan"] == "Annual card" and shown["kind"] == "person" and shown["programme"] == "JD PLUS"


def test_a_masked_change_says_that_it_does_not_show() -> None:
    member = a_person()
    contact = member.contacts.get()
    contact.mobile = "13899995678"
    contact.save()
    entry = read_history(history_sources(member)).entries[0]
    assert entry.record and entry.changes == []
    page = signed_in(a_superuser()).get(f"/admin/memberships/member/{member.pk}/history/").content.decode()
    assert "kept masked" in page


def test_the_job_and_the_import_are_linked_when_they_exist() -> None:
    member = a_person()
    with because("import confirmed", run=10**9, batch=10**9, line=7):
        member.contacts.update(is_primary=False)
    entry = read_history(history_sources(member)).entries[0]
    assert entry.facts["line"] == 7 and entry.batch is None and entry.run is None


@pytest.mark.parametrize("before", ["", "nonsense", "2027-01-01T00:00:00+00:00,x,1", ",,"])
def test_a_broken_place_in_the_history_is_its_beginning(before: str) -> None:
    sources = history_sources(a_firm())
    assert read_history(sources, before=before).is_first


def test_times_are_those_of_shanghai() -> None:
    member = a_person()
    entry = read_history(history_sources(member)).entries[0]
    page = signed_in(a_superuser()).get(f"/admin/memberships/member/{member.pk}/history/").content.decode()
    assert entry.at.astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M:%S") in page
