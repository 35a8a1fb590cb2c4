"""What the stories of notices share: readers, what is to be told of them, and what was."""

from datetime import date, datetime, timedelta
from typing import Any

from memberships.models import Enrolment, Member, MemberContact, Subscription, Tier
from memberships.services.tiers import set_tier
from operations.models import Notice, OutboxMessage
from operations.notices import NoticeKind, texts
from operations.services.notices import EVERYBODY, tell_range
from operations.services.outbox import sweep_outbox
from tests.memberships.factories import TODAY, a_card, a_monthly_card, a_person
from tests.memberships.night_stories import at_night
from tests.memberships.points_stories import MARCH, a_wallet, earn
from tests.memberships.programme_stories import CLUB, applied, club

DAY = timedelta(days=1)
#: A month before points end that end in March.
AHEAD = MARCH - 30 * DAY
#: The last paid day of the cards told of here.
LAST = date(2027, 2, 27)


def a_reader(email: str = "lilei@example.com", *, mobile: str = "", language: str = "") -> Member:
    member = a_person()
    MemberContact.objects.filter(member=member).delete()
    MemberContact.objects.create(member=member, name="李雷", email=email, mobile=mobile, language=language)
    return member


def told_once(kind: NoticeKind, on: date, *, events: int = 1) -> list[Notice]:
    """Night after night and again, each event is told once on each of the kind's channels, in both languages."""
    def notices() -> list[Notice]:
        return list(Notice.objects.filter(kind=kind.name).order_by("pk"))

    tell_range(kind, EVERYBODY, on=on, at=at_night(on))
    told = [(notice.key, notice.channel) for notice in notices()]
    assert sorted(told) == sorted((key, channel) for key in {key for key, _way in told} for channel in kind.channels)
    assert len(told) == events * len(kind.channels)
    for again in (on, on + DAY, on + 2 * DAY):
        tell_range(kind, EVERYBODY, on=again, at=at_night(again))
    assert [(notice.key, notice.channel) for notice in notices()] == told
    for text in (text for notice in notices() for text in texts(kind, notice.facts).values()):
        assert text.subject and text.sms_parts <= 2 and "None" not in f"{text}" and "{{" not in f"{text}"
    return notices()


def a_full_wallet(member: Member, points: int = 1_200, *, ends_on: date = MARCH) -> Enrolment:
    wallet = a_wallet(member)
    earn(wallet, points, expires_on=ends_on)
    return wallet


def a_february_card(
    token: str, *, lead_days: int = 1, on: date = date(2027, 1, 31), mobile: str = "", **facts: Any
) -> Subscription:
    """Li Lei's card for a month, whose first term, unless it begins on another day, is paid until LAST."""
    reader = a_reader(mobile=mobile)
    return a_card(a_monthly_card(grace_days=7, lead_days=lead_days, **facts), token, on=on, member=reader)


def a_gold_member_of_two_ladders(*, until: date) -> Enrolment:
    """Who has no qualifying points: both tiers are lost after that day."""
    names = {"levels": {"zh": "等级", "en": "Levels"}, "second": {"zh": "段位", "en": "Ranks"}}
    club_of_two = club(
        tier_groups=[{**CLUB["tier_groups"][0], "code": code, "name": name} for code, name in names.items()],
        tiers=[{**tier, "group": code} for code in names for tier in CLUB["tiers"]],
    )
    wallet = a_wallet(a_reader(), applied(club_of_two))
    for gold in Tier.objects.filter(code="gold"):
        set_tier(
            wallet, gold, held_until=until, reason="match", key=f"hand:{gold.pk}", on=TODAY, at=at_night(TODAY),
            actor=None,
        )
    return wallet


def told(kind: str = "") -> list[tuple[str, str]]:
    notices = Notice.objects.filter(kind=kind) if kind else Notice.objects.all()
    return list(notices.order_by("pk").values_list("kind", "channel"))


def swept(at: datetime) -> dict[str, int]:
    return dict(sweep_outbox(clock=lambda: at))


def state_of(notice: Notice) -> tuple[str, str]:
    message = OutboxMessage.objects.get(pk=notice.message_id)
    return message.state, message.error
