"""Quiet hours: when people are not disturbed by what can wait. Of each channel by the settings, in Shanghai's time.

A topic of notices is `notice.<channel>`; what may disturb goes as `notice.<channel>.urgent`, which has no quiet hours.
"""

import re
from datetime import datetime, time, timedelta
from functools import cache
from typing import NamedTuple

from django.conf import settings

from operations.dates import BUSINESS_ZONE

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
URGENT = ".urgent"


class QuietHours(NamedTuple):
    """From a minute, which is quiet, to a minute, which is not; over midnight where the end is the earlier one."""

    begins: time
    ends: time

    def until(self, at: datetime) -> datetime | None:
        """When those end in which `at` lies; None where it lies in none."""
        local = at.astimezone(BUSINESS_ZONE)
        now, over_midnight = local.time(), self.ends < self.begins
        is_quiet = now >= self.begins or now < self.ends if over_midnight else self.begins <= now < self.ends
        if not is_quiet:
            return None
        day = local.date() + timedelta(days=1 if now >= self.ends else 0)
        return datetime.combine(day, self.ends, BUSINESS_ZONE)


@cache
def read_hours(text: str) -> QuietHours | None:
    """Of "21:00-08:00"; blank: none. ValueError for anything else."""
    if not text:
        return None
    found = _HOURS.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not like 21:00-08:00")
    begin, begin_minute, end, end_minute = map(int, found.groups())
    return QuietHours(time(begin, begin_minute), time(end, end_minute))


def hours_of(channel: str) -> QuietHours | None:
    """A channel's quiet hours, where it has any."""
    return read_hours(settings.NOTICE_QUIET_HOURS.get(channel, ""))


def quiet_until(topic: str, *, at: datetime) -> datetime | None:
    """Until when messages of a topic wait; None: they may go at once."""
    first, _dot, channel = topic.partition(".")
    hours = hours_of(channel) if first == "notice" else None
    return hours and hours.until(at)


def topic_of(channel: str, *, is_urgent: bool) -> str:
    """The topic of a channel's notices. Only a channel that has quiet hours has an urgent one."""
    return f"notice.{channel}{URGENT if is_urgent and hours_of(channel) else ''}"
