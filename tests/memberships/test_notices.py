"""What members are told: of points, tiers, payments and cards; once, in their language, by e-mail and by webhook."""

import json
import smtplib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings as house
from django.db import transaction
from django.urls import reverse

from memberships.models import Enrolment, Member, MemberContact, Payment, Subscription, Tier, TierStanding
from memberships.services.refunds import request_refund
from memberships.services.tiers import set_tier
from operations import registry
from operations.models import JobRun, Notice, OutboxMessage, RunItem
from operations.notices import texts
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.notices import EVERYBODY, notice_ranges, tell, tell_range
from operations.services.outbox import put_message, sweep_outbox
from operations.tasks import work_through
from tests.gateway import GatewayForTests
from tests.mailbox import Mailbox, open_mailbox
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.factories import TODAY, a_card, a_monthly_card, a_person, an_operator
from tests.memberships.night_stories import ask_again, at_night, night, run_job
from tests.memberships.points_stories import MARCH, a_wallet, at_once, earn, spend
from tests.memberships.programme_stories import CLUB, applied, club
from tests.operations.receiver import SECRET, Receiver, listening

DAY = timedelta(days=1)
Channel, State = Notice.Channel, OutboxMessage.State
AHEAD = MARCH - 30 * DAY
#: The last paid day of the cards told of here.
LAST = date(2027, 2, 27)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with listening() as receiver:
        settings.EVENTS_URL, settings.EVENTS_SECRET = receiver.url, SECRET
        yield receiver


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with open_mailbox() as mailbox:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = mailbox.host, mailbox.port
        yield mailbox


def a_reader(email: str = "lilei@example.com") -> Member:
    member = a_person()
    MemberContact.objects.filter(member=member).delete()
    MemberContact.objects.create(member=member, name="李雷", email=email)
    return member


def a_full_wallet(member: Member, points: int = 1_200, *, ends_on: date = MARCH) -> Enrolment:
    wallet = a_wallet(member)
    earn(wallet, points, expires_on=ends_on)
    return wallet


def a_february_card(
    token: str, *, lead_days: int = 1, on: date = date(2027, 1, 31), **facts: Any
) -> Subscription:
    """Li Lei's card for a month, whose first term, unless it begins on another day, is paid until LAST."""
    return a_card(a_monthly_card(grace_days=7, lead_days=lead_days, **facts), token, on=on, member=a_reader())


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


@pytest.mark.django_db(transaction=True)
def test_member_hears_a_month_ahead_by_mail_and_by_webhook(mailbox: Mailbox, receiver: Receiver) -> None:
    wallet = a_full_wallet(a_reader())
    run_job("send_notices", on=AHEAD)
    assert told() == [("points_expire_30", "email"), ("points_expire_30", "webhook")]
    swept(at_night(AHEAD))
    (mail,) = mailbox.mails
    assert (mail["to"], mail["from"]) == ("lilei@example.com", house.DEFAULT_FROM_EMAIL)
    assert "1,200" in mail["subject"] and "2027-03-01" in mail["subject"] and "2027-03-01" in mail.get_content()
    assert "李雷" not in mail.get_content()
    (heard,) = [heard for heard in receiver.heard if heard.body["type"] == "notice.webhook"]
    assert heard.is_signed and heard.body["data"]["kind"] == "points_expire_30"
    assert heard.body["data"]["facts"]["points"] == 1_200 and heard.body["data"]["member"] == wallet.member_id
    said = heard.body["data"]["texts"]
    assert set(said) == {"zh-hans", "en"} and said["en"]["subject"] == "1,200 points of JD PLUS end on 2027-03-01"


@pytest.mark.django_db
def test_each_day_and_step_is_told_once_however_often_the_night_is_run() -> None:
    a_full_wallet(a_reader())
    for scope in ("", "again@1"):
        run_job("send_notices", on=AHEAD, scope=scope)
    run_job("send_notices", on=AHEAD + DAY)
    assert told() == [("points_expire_30", "email"), ("points_expire_30", "webhook")]
    run_job("send_notices", on=MARCH - 7 * DAY)
    assert told("points_expire_7") == [("points_expire_7", "email"), ("points_expire_7", "webhook")]


@pytest.mark.django_db
def test_member_without_an_address_is_told_by_the_webhook_alone() -> None:
    a_full_wallet(a_reader(email=""))
    run_job("send_notices", on=AHEAD)
    assert told() == [("points_expire_30", "webhook")]


@pytest.mark.django_db
def test_nobody_is_told_of_points_that_are_spent_pending_or_of_a_closed_member() -> None:
    spent = a_full_wallet(a_reader())
    spend(spent, 1_200)
    waiting = a_wallet(a_reader())
    earn(waiting, 100, expires_on=MARCH, pending_until=MARCH - DAY)
    closed = a_full_wallet(a_reader())
    Member.objects.filter(pk=closed.member_id).update(closed_on=AHEAD)
    run_job("send_notices", on=AHEAD)
    assert told() == []


@pytest.mark.django_db
def test_points_of_an_idle_wallet_are_told_of_once_with_all_that_goes() -> None:
    wallet = a_full_wallet(a_reader(), 300, ends_on=MARCH)
    earn(wallet, 500)
    Enrolment.objects.filter(pk=wallet.pk).update(idle_on=MARCH)
    run_job("send_notices", on=AHEAD)
    assert {notice.facts["points"] for notice in Notice.objects.all()} == {800}


@pytest.mark.django_db(transaction=True)
def test_three_workers_tell_a_member_once() -> None:
    a_full_wallet(a_reader())
    kind = registry.notices.get("points_expire_30")
    facts = {"points": 1_200, "expires_on": "2027-03-01", "programme": "x", "programme_en": "x"}
    results = at_once(*[
        lambda: tell(kind, owner=1, key="k:1", facts=facts, has_email=True, on=AHEAD, at=at_night(AHEAD))
    ] * 3)
    assert len(results) == 3 and not any(isinstance(result, Exception) for result in results)
    assert told() == [("points_expire_30", "email"), ("points_expire_30", "webhook")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [("450 later", State.QUEUED, "SMTP 450"), ("550 no such user", State.PARKED, "SMTP 550")],
)
def test_a_server_that_says_later_is_asked_again_and_one_that_says_never_is_not(
    mailbox: Mailbox, answer: str, state: str, error: str
) -> None:
    a_full_wallet(a_reader())
    run_job("send_notices", on=AHEAD)
    mailbox.answer = lambda address: answer
    swept(at_night(AHEAD))
    notice = Notice.objects.get(channel=Channel.EMAIL)
    assert state_of(notice) == (state, error) and mailbox.mails == []
    mailbox.answer = lambda address: "250 OK"
    swept(at_night(AHEAD) + timedelta(minutes=5))
    assert len(mailbox.mails) == (1 if state == State.QUEUED else 0)


@pytest.mark.django_db(transaction=True)
def test_an_address_that_was_erased_meanwhile_is_said_and_a_server_that_is_down_is_tried_again(
    mailbox: Mailbox, settings: Any
) -> None:
    gone, there = a_reader(), a_reader("hanmeimei@example.com")
    a_full_wallet(gone), a_full_wallet(there)
    run_job("send_notices", on=AHEAD)
    MemberContact.objects.filter(member=gone).update(email="")
    settings.EMAIL_PORT = 1
    swept(at_night(AHEAD))
    by_owner = {notice.owner: notice for notice in Notice.objects.filter(channel=Channel.EMAIL)}
    assert state_of(by_owner[gone.pk]) == (State.PARKED, "no e-mail address")
    assert state_of(by_owner[there.pk])[0] == State.QUEUED
    settings.EMAIL_PORT = mailbox.port
    swept(at_night(AHEAD) + timedelta(minutes=5))
    assert [mail["to"] for mail in mailbox.mails] == ["hanmeimei@example.com"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "fault",
    [
        smtplib.SMTPAuthenticationError(535, b"wrong password"), smtplib.SMTPConnectError(554, b"blocked"),
        smtplib.SMTPHeloError(501, b"who are you?"), smtplib.SMTPSenderRefused(550, b"not you", "desk@example.com"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_fault_of_the_settings_throws_no_mail_away(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    a_full_wallet(a_reader())
    run_job("send_notices", on=AHEAD)
    with monkeypatch.context() as wrong:
        wrong.setattr(smtplib.SMTP, "sendmail", Mock(side_effect=fault))
        swept(at_night(AHEAD))
    assert state_of(Notice.objects.get(channel=Channel.EMAIL)) == (State.QUEUED, type(fault).__name__)
    swept(at_night(AHEAD) + timedelta(minutes=5))
    assert len(mailbox.mails) == 1


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_does_not_go_holds_up_no_webhook(mailbox: Mailbox, receiver: Receiver) -> None:
    wallet = a_full_wallet(a_reader())
    mailbox.answer = lambda address: "450 later"
    run_job("send_notices", on=AHEAD)
    kind = registry.notices.get("card_in_grace")
    tell(kind, owner=wallet.member_id, key="k:1", facts=kind.sample, has_email=True, on=AHEAD, at=at_night(AHEAD))
    put_message("payment.refunded", "refunded:1", {"amount": "1"}, owner=wallet.member_id, at=at_night(AHEAD))
    swept(at_night(AHEAD))
    heard = [heard.body["type"] for heard in receiver.heard if heard.body["type"] != "points.earned"]
    assert heard == ["notice.webhook", "notice.webhook", "payment.refunded"]
    mails = OutboxMessage.objects.filter(topic="notice.email")
    assert {(mail.state, mail.owner, mail.payload["member"]) for mail in mails} == {
        (State.QUEUED, None, wallet.member_id)
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "address", ["a b@example.com", "lilei@example.com,hmm@example.com", "李雷@example.com", f"lilei@{'x' * 70}.com"]
)
def test_what_is_no_address_is_refused_and_said_nowhere(
    mailbox: Mailbox, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, address: str
) -> None:
    a_full_wallet(a_reader(address))
    run_job("send_notices", on=AHEAD)
    swept(at_night(AHEAD))
    assert state_of(Notice.objects.get(channel=Channel.EMAIL)) == (State.PARKED, "bad address")
    said = "".join(capfd.readouterr()) + caplog.text
    assert address not in said and mailbox.mails == []


@pytest.mark.django_db(transaction=True)
def test_a_house_whose_own_address_is_none_throws_no_mail_away(mailbox: Mailbox, settings: Any) -> None:
    a_full_wallet(a_reader())
    run_job("send_notices", on=AHEAD)
    settings.DEFAULT_FROM_EMAIL = "desk@example.com, more@example.com"
    swept(at_night(AHEAD))
    assert state_of(Notice.objects.get(channel=Channel.EMAIL)) == (State.QUEUED, "ValueError")


@pytest.mark.django_db
def test_what_a_dry_run_foresaw_is_told_and_what_changed_since_is_left_out() -> None:
    same, changed = a_full_wallet(a_reader()), a_full_wallet(a_reader())
    dry_run = start_dry_run("send_notices", business_date=AHEAD, actor=an_operator(), at=at_night(AHEAD))
    work_through(dry_run.pk)
    assert RunItem.objects.filter(run=dry_run).count() == 2 and not Notice.objects.exists()
    spend(changed, 200, on=TODAY)
    late = a_full_wallet(a_reader())
    run = execute_dry_run(JobRun.objects.get(pk=dry_run.pk), actor=an_operator("checker"), at=at_night(AHEAD))
    work_through(run.pk)
    assert {notice.owner for notice in Notice.objects.all()} == {same.member_id}
    left = RunItem.objects.filter(run=dry_run, outcome=RunItem.Outcome.LEFT_OUT)
    assert [item.owner for item in left] == [changed.member_id]
    run = JobRun.objects.get(pk=run.pk)
    assert (run.done, run.failed) == (1, 1) and late.member_id not in left.values_list("owner", flat=True)


@pytest.mark.django_db
def test_a_card_is_told_of_its_renewal_its_declined_payment_and_its_grace(gateway: Any) -> None:
    a_february_card("tok_soft")
    run_job("send_notices", on=LAST - 8 * DAY)
    night(LAST - DAY)
    run_job("send_notices", on=LAST - DAY)
    night(LAST + DAY)
    run_job("send_notices", on=LAST + DAY)
    kinds = [kind for kind, channel in told() if channel == "email"]
    assert kinds[:3] == ["card_renews_7", "payment_declined", "payment_declined"] or "card_in_grace" in kinds
    assert kinds.count("card_renews_7") == kinds.count("card_in_grace") == 1
    declined = Notice.objects.filter(kind="payment_declined", channel="email").order_by("pk")
    assert declined[0].facts["paid_until_on"] == str(LAST) and declined[0].facts["again_on"]


@pytest.mark.django_db(transaction=True)
def test_a_decline_that_is_heard_of_after_the_night_is_told_by_the_next_one_and_once(
    gateway: GatewayForTests
) -> None:
    a_february_card("tok_hard")
    gateway.order_faults(is_down=True)
    night(LAST - DAY)
    run_job("send_notices", on=LAST - DAY)
    gateway.clear_faults()
    ask_again(LAST - DAY)
    assert told("payment_declined") == []
    for later in range(3):
        run_job("send_notices", on=LAST + later * DAY)
    assert told("payment_declined") == [("payment_declined", "email"), ("payment_declined", "webhook")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("lead_days", [1, 7, 10])
def test_member_hears_of_a_charge_a_week_before_it_however_early_it_is(
    gateway: GatewayForTests, lead_days: int
) -> None:
    a_february_card("tok_ok", lead_days=lead_days)
    charged_on = LAST - lead_days * DAY
    for before in range(9, -1, -1):
        night(charged_on - before * DAY)
        run_job("send_notices", on=charged_on - before * DAY)
    (notice,) = Notice.objects.filter(kind="card_renews_7", channel=Channel.EMAIL)
    assert notice.on == charged_on - 7 * DAY and notice.facts["charged_on"] == str(charged_on)
    assert Payment.objects.filter(purpose="renewal").get().requested_on == charged_on


@pytest.mark.django_db(transaction=True)
def test_nobody_hears_of_a_charge_that_was_asked_for_or_that_a_refund_makes_needless(
    gateway: GatewayForTests
) -> None:
    asked = a_february_card("tok_hard", lead_days=14)
    refunded = a_february_card(
        "tok_ok", on=date(2026, 12, 31), code="later", lead_days=3, programme=asked.programme
    )
    other = a_february_card("tok_ok", code="other", lead_days=3, programme=asked.programme)
    for on in (date(2027, 1, 27), LAST - 14 * DAY):
        night(on)
    Subscription.objects.filter(pk=asked.pk).update(plan=refunded.plan)
    paid = refunded.payments.get()
    assert paid.ends_on == LAST and asked.payments.get().state == Payment.State.DECLINED
    on = LAST - 12 * DAY
    with transaction.atomic():
        request_refund(
            paid, amount=paid.amount, ends_card=True, on=on, at=at_night(on), reason="unhappy", actor=an_operator()
        )
    run_job("send_notices", on=LAST - 10 * DAY)
    assert set(Notice.objects.filter(kind="card_renews_7").values_list("owner", flat=True)) == {other.member_id}


@pytest.mark.django_db(transaction=True)
def test_closed_members_hear_nothing_of_payments_cards_and_tiers(gateway: GatewayForTests) -> None:
    card = a_february_card("tok_hard")
    night(LAST - DAY)
    night(LAST + DAY)
    wallet = a_gold_member_of_two_ladders(until=LAST + 31 * DAY)
    run_job("foresee_downgrades", on=LAST + DAY)
    Member.objects.filter(pk__in=[card.member_id, wallet.member_id]).update(closed_on=LAST + DAY)
    run_job("send_notices", on=LAST + DAY)
    assert told() == []
    Member.objects.update(closed_on=None)
    run_job("send_notices", on=LAST + DAY, scope="again@1")
    assert {kind for kind, _channel in told()} == {"payment_declined", "card_in_grace", "tier_ends_30"}


@pytest.mark.django_db
def test_member_hears_of_each_ladder_whose_tier_ends_on_a_day() -> None:
    wallet = a_gold_member_of_two_ladders(until=MARCH)
    run_job("foresee_downgrades", on=AHEAD)
    run_job("send_notices", on=AHEAD)
    assert told("tier_ends_30") == [("tier_ends_30", "email"), ("tier_ends_30", "webhook")] * 2
    kind = registry.notices.get("tier_ends_30")
    desk = signed_in(a_superuser())
    for standing in TierStanding.objects.filter(enrolment=wallet):
        number, address = kind.page_of(standing.pk)
        assert number == wallet.member.number and desk.get(address).status_code == 200


@pytest.mark.django_db
def test_a_night_made_up_for_late_says_the_day_and_tells_nothing_that_is_over() -> None:
    a_full_wallet(a_reader())
    month_ahead = registry.notices.get("points_expire_30")

    def made_up(on: date, *, kind: Any = month_ahead) -> int:
        assert bool(notice_ranges(kind, on=AHEAD, at=at_night(on), size=10)) == (on < MARCH)
        return tell_range(kind, EVERYBODY, on=AHEAD, at=at_night(on))

    assert made_up(MARCH) == 0 and told() == []
    assert made_up(MARCH - DAY) == 1
    said = texts(month_ahead, Notice.objects.first().facts)["en"]
    assert said.subject == "1,200 points of JD PLUS end on 2027-03-01" and "30" not in said.subject


@pytest.mark.parametrize("kind", list(registry.notices), ids=lambda kind: kind.name)
@pytest.mark.django_db
def test_every_kind_has_a_function_and_says_the_same_in_both_languages(kind: Any) -> None:
    assert notice_ranges(kind, on=TODAY, at=at_night(TODAY), size=10) == []
    said = texts(kind, kind.sample)
    assert set(said) == {language for language, _name in house.LANGUAGES}
    assert said["zh-hans"].subject != said["en"].subject
    for text in said.values():
        assert text.subject and text.body and "\n" not in text.subject
        assert "None" not in text.body and "{{" not in text.body
    year = "2027" in json.dumps(kind.sample)
    assert all(("2027" in text.body) == year for text in said.values())


@pytest.mark.django_db
def test_pages_show_what_was_told_and_what_would_be() -> None:
    wallet = a_full_wallet(a_reader())
    run_job("send_notices", on=AHEAD)
    desk = signed_in(a_superuser())
    page = desk.get("/admin/operations/notice/")
    assert page.status_code == 200 and Member(pk=wallet.member_id).number in page.content.decode()
    for notice in Notice.objects.all():
        shown = desk.get(f"/admin/operations/notice/{notice.pk}/change/")
        assert shown.status_code == 200 and "1,200" in shown.content.decode()
    preview = desk.get(reverse("admin:operations_notice_preview"))
    assert preview.status_code == 200
    assert all(kind.name in preview.content.decode() for kind in registry.notices)
