"""Text messages: to the member's mobile, in their language, one line, and not at night."""

from collections.abc import Iterator
from datetime import datetime, time
from typing import Any

import pytest
from django.urls import reverse

from memberships.dates import BUSINESS_ZONE
from memberships.models import MemberContact
from operations import registry
from operations.models import Notice, OutboxMessage
from operations.notices import SMS_MOST_PARTS, SMS_WIDE_PART, Text
from operations.services.notices import EVERYBODY, rule_of, set_rule, tell, tell_range
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import at_night, run_job
from tests.memberships.notice_stories import DAY, MARCH, a_full_wallet, a_reader, state_of, swept, told
from tests.operations.receiver import SECRET, Receiver, listening

Channel, State = Notice.Channel, OutboxMessage.State
WEEK_AHEAD = MARCH - 7 * DAY


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with listening() as receiver:
        settings.EVENTS_URL, settings.EVENTS_SECRET = receiver.url, SECRET
        settings.NOTICE_QUIET_HOURS = {"sms": "21:00-08:00", "email": ""}
        yield receiver


def clock(hour: int, minute: int = 0, second: int = 0, *, day: int = 0) -> datetime:
    """That time on WEEK_AHEAD, or so many days later."""
    return datetime.combine(WEEK_AHEAD + day * DAY, time(hour, minute, second), BUSINESS_ZONE)


def texted(receiver: Receiver) -> list[tuple[str, str]]:
    """Mobile and text of each message that was heard."""
    heard = [heard.body["data"] for heard in receiver.heard if heard.body["type"] == "notice.sms"]
    return [(said["mobile"], said["text"]) for said in heard]


@pytest.mark.django_db(transaction=True)
def test_a_text_message_waits_for_the_morning_and_is_in_the_members_language(receiver: Receiver) -> None:
    chinese, english = a_reader(mobile="13812345678"), a_reader(mobile="13912345678", language="en")
    for member in (chinese, english, a_reader()):
        a_full_wallet(member)
    run_job("send_notices", on=WEEK_AHEAD)
    notices = list(Notice.objects.filter(channel=Channel.SMS).select_related("message"))
    assert {notice.owner for notice in notices} == {chinese.pk, english.pk}, "the third has no mobile"
    assert all(
        (notice.message.state, notice.message.next_attempt_at, notice.message.owner) == (State.WAITING, clock(8), None)
        and "12345678" not in str(notice.message.payload)
        for notice in notices
    )
    desk = signed_in(a_superuser())
    page = desk.get(reverse("admin:operations_notice_change", args=[notices[0].pk])).content.decode()
    assert "2027-02-22 08:00" in page
    assert "2027-02-22 08:00" in desk.get("/admin/operations/notice/?state=waiting").content.decode()
    swept(clock(7, 59, 59))
    assert texted(receiver) == []
    receiver.answer = lambda heard: 503 if heard.body["type"] == "notice.sms" else 204
    swept(clock(8))
    assert {state_of(notice) for notice in notices} == {(State.QUEUED, "HTTP 503 Service Unavailable")}
    receiver.answer = lambda heard: 204
    receiver.heard.clear()
    # The server comes back in the evening: what is left waits for the next morning, and nothing is lost.
    swept(clock(21))
    assert texted(receiver) == [] and {state_of(notice)[0] for notice in notices} == {State.WAITING}
    swept(clock(8, day=1))
    assert sorted(texted(receiver)) == [
        ("13812345678", "您在京东PLUS会员的 1,200 积分将于 2027-03-01 到期"),
        ("13912345678", "1,200 points of JD PLUS end on 2027-03-01"),
    ]
    (heard,) = [heard for heard in receiver.heard if "138" in str(heard.body)]
    assert heard.is_signed and heard.body["data"]["language"] == "zh-hans" and not heard.body["data"]["is_urgent"]
    assert heard.id.startswith("notice:sms:")


@pytest.mark.django_db(transaction=True)
def test_an_urgent_kind_goes_at_once_and_a_mobile_that_was_erased_is_said(receiver: Receiver) -> None:
    reader, gone = a_reader(mobile="13812345678"), a_reader(mobile="13912345678")
    kind = registry.notices.get("points_expire_7")
    operator = an_operator()
    set_rule(kind, channels=["sms"], is_urgent=True, reason="a trial", actor=operator)
    for member in (reader, gone):
        a_full_wallet(member)
    assert tell_range(kind, EVERYBODY, on=WEEK_AHEAD, at=clock(23)) == 2
    assert told() == [("points_expire_7", "sms")] * 2
    MemberContact.objects.filter(member=gone).update(mobile="")
    swept(clock(23))
    assert [mobile for mobile, _text in texted(receiver)] == ["13812345678"]
    assert state_of(Notice.objects.get(owner=gone.pk)) == (State.PARKED, "no mobile")
    # Told before another rule held, it is told: neither again nor another way.
    set_rule(kind, channels=["sms"], is_urgent=False, reason="calm down", actor=operator)
    assert tell_range(kind, EVERYBODY, on=WEEK_AHEAD, at=clock(23, 30)) == 0
    notice = Notice.objects.get(owner=reader.pk)
    again = {"owner": reader.pk, "key": notice.key, "facts": notice.facts, "on": WEEK_AHEAD, "at": clock(23, 30)}
    assert tell(kind, **again) == [notice]
    (other,) = tell(kind, **{**again, "key": "k:2"})
    assert state_of(other)[0] == State.WAITING


@pytest.mark.django_db
def test_who_may_says_over_which_channels_a_kind_is_told_and_why() -> None:
    kind = registry.notices.get("points_expire_30")
    assert rule_of(kind).channels == ["email", "webhook"]
    manager = signed_in(a_superuser())
    address = reverse("admin:operations_notice_channels", args=[kind.name])
    assert "points_expire_30" in manager.get(reverse("admin:operations_notice_preview")).content.decode()
    assert manager.post(address, {"channels": ["sms", "webhook"]}).status_code == 422, "a reason is missing"
    asked = {"channels": ["sms", "webhook"], "is_urgent": "on", "reason": "members asked"}
    assert manager.post(address, asked).status_code == 302
    rule = rule_of(kind)
    assert (rule.channels, rule.is_urgent) == (["sms", "webhook"], True)
    (event,) = rule.audit_events.all()  # type: ignore[attr-defined]
    assert event.pgh_context.metadata["reason"] == "members asked"
    a_full_wallet(a_reader(mobile="13812345678"))
    tell_range(kind, EVERYBODY, on=MARCH - 30 * DAY, at=at_night(MARCH - 30 * DAY))
    assert told() == [("points_expire_30", "sms"), ("points_expire_30", "webhook")]
    assert manager.post(address, {**asked, "channels": []}).status_code == 302 and rule_of(kind).channels == []
    assert manager.get(reverse("admin:operations_notice_channels", args=["nothing"])).status_code == 404


def test_a_text_message_is_counted_as_the_senders_count_it() -> None:
    def parts(sms: str) -> int:
        return Text("", "", sms).sms_parts

    assert [parts("a" * length) for length in (160, 161, 306)] == [1, 2, 2]
    assert [parts("积" * length) for length in (70, 71, SMS_MOST_PARTS * SMS_WIDE_PART)] == [1, 2, 2]
    kind = registry.notices.get("points_expire_7")
    endless = kind.text({**kind.sample, "programme": "计划" * 200}, language="zh-hans")
    assert endless.sms_parts == SMS_MOST_PARTS and endless.sms.endswith("…") and "\n" not in endless.sms
