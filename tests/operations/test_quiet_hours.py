"""Quiet hours: to the minute, over midnight or within a day, of a channel and not of what is urgent."""

from datetime import datetime, time

import pytest

from operations.dates import BUSINESS_ZONE
from operations.quiet_hours import QuietHours, quiet_until, read_hours, topic_of


def at(clock: str, *, day: int = 22, second: int = 0) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, day, hour, minute, second, tzinfo=BUSINESS_ZONE)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("21:00-08:00", at("20:59", second=59), None), ("21:00-08:00", at("21:00"), at("08:00", day=23)),
        ("21:00-08:00", at("23:59"), at("08:00", day=23)), ("21:00-08:00", at("00:00"), at("08:00")),
        ("21:00-08:00", at("07:59", second=59), at("08:00")), ("21:00-08:00", at("08:00"), None),
        ("12:30-14:00", at("12:29"), None), ("12:30-14:00", at("12:30"), at("14:00")),
        ("12:30-14:00", at("14:00"), None), ("08:00-08:00", at("08:00"), None),
    ],
)  # fmt: skip
def test_a_message_waits_from_the_first_quiet_minute_to_the_first_that_is_not(
    hours: str, now: datetime, until: datetime | None
) -> None:
    found = read_hours(hours)
    assert found is not None and found.until(now) == until


def test_each_channel_has_its_own_hours_and_what_is_urgent_has_none(settings: pytest.FixtureRequest) -> None:
    settings.NOTICE_QUIET_HOURS = {"sms": "21:00-08:00", "email": ""}  # type: ignore[attr-defined]
    night = at("22:00")
    assert topic_of("sms", is_urgent=False) == "notice.sms" and quiet_until("notice.sms", at=night)
    assert topic_of("sms", is_urgent=True) == "notice.sms.urgent" and not quiet_until("notice.sms.urgent", at=night)
    assert topic_of("webhook", is_urgent=True) == "notice.webhook"
    for topic in ("notice.email", "notice.webhook", "points.earned"):
        assert quiet_until(topic, at=night) is None


def test_what_is_no_hours_is_refused_and_blank_is_none() -> None:
    assert read_hours("") is None and read_hours("21:00-08:00") == QuietHours(time(21), time(8))
    for wrong in ("21-8", "24:00-08:00", "21:00", "21:00-08:60", "21:00 - 08:00"):
        with pytest.raises(ValueError, match="21:00-08:00"):
            read_hours(wrong)
