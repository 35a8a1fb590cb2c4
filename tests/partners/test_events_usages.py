"""Partners tell of uses: each is booked once, and where there is none left they hear from when on there is."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection

from benefits.models import Redemption
from benefits.models.benefits import Kind, Window
from memberships.models import Member, MemberReference, Plan
from partners.models import InboundEvent, Offer, ReportedUsage
from partners.services.events import replay_event
from tests.memberships.factories import a_card, an_annual_card, jd_plus
from tests.memberships.merge_stories import merged
from tests.partners.partner_stories import a_benefit, a_partner, a_rule, an_event, an_offer, send_event

pytestmark = pytest.mark.django_db

#: Ten in the morning of the 15th of January in Shanghai.
NOW = datetime(2027, 1, 15, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=True):
        yield


def a_consultation(quota: int = 2, *, mode: Offer.Mode = Offer.Mode.REPORTED, **facts: Any) -> Member:
    """Li Lei, whose card brings so many consultations a year at JD Health, which counts them."""
    partner = a_partner("jd-health")
    member = a_card(an_annual_card(), on=date(2027, 1, 1)).member
    benefit = a_benefit(code="consultation", kind=Kind.SERVICE)
    a_rule(benefit, quota=quota, window=Window.YEAR, is_automatic=False, **facts)
    an_offer(partner, benefit, sku="consult", mode=mode, billed=Offer.Billed.USE)
    return member


def another_than(member: Member) -> Member:
    """Han Meimei, who has the same card."""
    other = Member.objects.create(kind=member.kind, joined_on=date(2027, 1, 1))
    return a_card(Plan.objects.get(), on=date(2027, 1, 1), member=other).member


def used(member: Member | str, usage: str = "use_1", **data: Any) -> bytes:
    number = member if isinstance(member, str) else member.number
    return an_event("benefit.used", usage=usage, member=number, benefit="consultation", **data)


def test_use_is_booked_on_the_day_it_happened() -> None:
    member = a_consultation()
    answer = send_event("jd-health", used(member, at="2027-01-14T23:30:00+08:00"), id="e1")
    assert answer.json() == {"id": "e1", "state": "done", "outcome": "redeemed", "reason": "", "next_on": None}
    redemption = Redemption.objects.get()
    assert (redemption.member, redemption.on, redemption.quantity) == (member, date(2027, 1, 14), 1)
    assert InboundEvent.objects.get().member == member


def test_use_that_is_told_twice_is_booked_once() -> None:
    """Under another event's id, and by the partner's product number."""
    member = a_consultation()
    for number in (1, 2):
        answer = send_event("jd-health", used(member), id=f"e{number}")
        assert answer.json()["outcome"] == "redeemed"
    assert Redemption.objects.count() == 1
    body = an_event("benefit.used", usage="use_2", member=member.number, benefit="consult")
    assert send_event("jd-health", body).json()["outcome"] == "redeemed"
    assert Redemption.objects.count() == 2


def test_third_of_two_is_refused_with_the_day_of_the_next() -> None:
    member = a_consultation(quota=2)
    for number in (1, 2):
        send_event("jd-health", used(member, f"use_{number}"))
    answer = send_event("jd-health", used(member, "use_3"))
    said = answer.json()
    assert (answer.status_code, said["state"], said["outcome"]) == (200, "done", "refused")
    assert (said["reason"], said["next_on"]) == ("quota-used-up", "2028-01-01")
    assert Redemption.objects.count() == 2


def test_member_is_found_by_the_partners_own_number() -> None:
    member = a_consultation()
    MemberReference.objects.create(member=member, source="jd-health", external_id="JH-77")
    assert send_event("jd-health", used("JH-77")).json()["outcome"] == "redeemed"


def test_member_without_the_right_is_refused() -> None:
    stranger = a_consultation()
    other = Member.objects.create(kind=stranger.kind, joined_on=date(2027, 1, 1))
    said = send_event("jd-health", used(other)).json()
    assert (said["outcome"], said["reason"], said["next_on"]) == ("refused", "not-entitled", None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"member": "M999"}, "unknown-member"), ({"benefit": "dentist"}, "unknown-benefit"),
        ({"at": "2027-01-15T10:10:00+08:00"}, "not-yet"), ({"at": "2019-12-31T10:00:00+08:00"}, "unknown-benefit"),
    ],
)
def test_what_nobody_here_knows_is_kept_for_people(data: dict[str, str], reason: str) -> None:
    member = a_consultation()
    said = {"usage": "u", "member": member.number, "benefit": "consultation", **data}
    answer = send_event("jd-health", an_event("benefit.used", **said))
    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (202, "dead", reason)
    assert not Redemption.objects.exists()


def test_usage_number_used_for_something_else_is_kept_for_people() -> None:
    member = a_consultation()
    send_event("jd-health", used(member))
    answer = send_event("jd-health", used(member, quantity=2))
    assert (answer.status_code, answer.json()["reason"]) == (202, "key-conflict")


def test_number_of_one_members_use_is_no_other_members() -> None:
    """Also by the number that the partner knows them by, and when somebody replays the dead letter."""
    member = a_consultation()
    other = another_than(member)
    send_event("jd-health", used(member))
    answer = send_event("jd-health", used(other), id="e2")
    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (202, "dead", "key-conflict")
    replay_event(InboundEvent.objects.get(event_id="e2"), on=date(2027, 1, 15), at=NOW, actor=None)
    assert InboundEvent.objects.get(event_id="e2").state == InboundEvent.State.DEAD
    assert Redemption.objects.get().member == member
    assert ReportedUsage.objects.get().usage == "use_1"
    assert send_event("jd-health", used(other, "use_2"), id="e3").json()["outcome"] == "redeemed"


@pytest.mark.django_db(transaction=True)
def test_two_members_under_one_number_at_once_are_one_use() -> None:
    member = a_consultation()
    other = another_than(member)

    def tell(whom: Member) -> str:
        try:
            return str(send_event("jd-health", used(whom), id=f"of_{whom.pk}").json()["state"])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(tell, (member, other))) == ["dead", "done"]
    assert Redemption.objects.count() == ReportedUsage.objects.count() == 1


def test_number_of_a_use_that_was_refused_is_free() -> None:
    member = a_consultation(quota=1)
    send_event("jd-health", used(member, "use_1"))
    assert send_event("jd-health", used(member, "use_2")).json()["outcome"] == "refused"
    assert ReportedUsage.objects.count() == 1


def test_use_of_what_the_partner_does_not_count_itself_is_kept_for_people() -> None:
    member = a_consultation(mode=Offer.Mode.API)
    answer = send_event("jd-health", used(member))
    assert (answer.status_code, answer.json()["reason"]) == (202, "unknown-benefit")
    assert not Redemption.objects.exists()


def test_long_number_of_a_use_is_booked_once_too() -> None:
    member = a_consultation()
    for _time in range(2):
        assert send_event("jd-health", used(member, "u" * 128)).json()["outcome"] == "redeemed"
    assert Redemption.objects.count() == 1


@pytest.mark.parametrize(
    "data", [{"quantity": 0}, {"quantity": 10_001}, {"quantity": 1.5}, {"usage": ""}, {"usage": "é"}, {"at": 1}]
)
def test_use_in_the_wrong_form_is_refused(data: dict[str, Any]) -> None:
    member = a_consultation()
    said = {"usage": "u", "member": member.number, "benefit": "consultation", **data}
    assert send_event("jd-health", an_event("benefit.used", **said)).status_code == 422


def test_of_two_programmes_the_one_that_entitles_the_member_is_meant() -> None:
    member = a_consultation()
    partner = Offer.objects.get().partner
    other = a_benefit(jd_plus(code="other", name="另一个", name_en="Other"), "consultation", kind=Kind.SERVICE)
    an_offer(partner, other, mode=Offer.Mode.REPORTED)
    Offer.objects.filter(benefit=other).update(sku="other")
    assert send_event("jd-health", used(member)).json()["outcome"] == "redeemed"


def test_use_that_is_told_again_after_its_member_was_merged_is_the_same_use() -> None:
    former = a_consultation()
    survivor = Member.objects.create(kind=former.kind, joined_on=date(2027, 1, 1))
    send_event("jd-health", used(former), id="e1")
    merged(former, survivor)
    again = send_event("jd-health", used(former), id="e2")
    assert (again.json()["outcome"], Redemption.objects.count()) == ("redeemed", 1)
    # A new one under the number that ended is the other's, whose card came with the merge.
    assert send_event("jd-health", used(former, "use_2"), id="e3").json()["outcome"] == "redeemed"
    assert Redemption.objects.latest("pk").member == survivor
    assert send_event("jd-health", used(survivor, "use_3"), id="e4").json()["reason"] == "quota-used-up"
