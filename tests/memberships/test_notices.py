"""What members are told: of points, tiers, payments and cards; once, in their language, by e-mail and by webhook."""

import json
import smtplib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings as house

from memberships.models import Enrolment, Member, MemberContact
from operations import registry
from operations.models import JobRun, Notice, OutboxMessage, RunItem
from operations.notices import texts
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.notices import EVERYBODY, found_by, tell
from operations.services.outbox import put_message, sweep_outbox
from operations.tasks import work_through
from tests.mailbox import Mailbox, open_mailbox
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.factories import TODAY, a_card, a_monthly_card, a_person, an_operator
from tests.memberships.night_stories import at_night, night, run_job
from tests.memberships.points_stories import MARCH, a_wallet, at_once, earn, spend
from tests.operations.receiver import SECRET, Receiver, listening

DAY = timedelta(days=1)
Channel, State = Notice.Channel, OutboxMessage.State
AHEAD = MARCH - 30 * DAY


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
    assert "1,200" in mail["subject"] and "30" in mail["subject"] and "2027-03-01" in mail.get_content()
    assert "李雷" not in mail.get_content()
    (heard,) = [heard for heard in receiver.heard if heard.body["type"] == "notice.webhook"]
    assert heard.is_signed and heard.body["data"]["kind"] == "points_expire_30"
    assert heard.body["data"]["facts"]["points"] == 1_200 and heard.body["data"]["member"] == wallet.member_id
    said = heard.body["data"]["texts"]
    assert set(said) == {"zh-hans", "en"} and said["en"]["subject"] == "1,200 points of JD PLUS end in 30 days"


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
    facts = {"points": 1_200, "expires_on": "2027-03-01", "programme": "x", "programme_en": "x", "days": 30}
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
    card = a_card(a_monthly_card(grace_days=7, lead_days=1), "tok_soft", on=date(2027, 1, 31))
    MemberContact.objects.filter(member=card.member_id).delete()
    MemberContact.objects.create(member_id=card.member_id, email="lilei@example.com")
    last = date(2027, 2, 27)
    run_job("send_notices", on=last - 7 * DAY)
    night(last - DAY)
    run_job("send_notices", on=last - DAY)
    night(last + DAY)
    run_job("send_notices", on=last + DAY)
    kinds = [kind for kind, channel in told() if channel == "email"]
    assert kinds[:3] == ["card_renews_7", "payment_declined", "payment_declined"] or "card_in_grace" in kinds
    assert kinds.count("card_renews_7") == kinds.count("card_in_grace") == 1
    declined = Notice.objects.filter(kind="payment_declined", channel="email").order_by("pk")
    assert declined[0].facts["paid_until_on"] == str(last) and declined[0].facts["again_on"]


@pytest.mark.parametrize("kind", list(registry.notices), ids=lambda kind: kind.name)
@pytest.mark.django_db
def test_every_kind_has_a_function_and_says_the_same_in_both_languages(kind: Any) -> None:
    assert found_by("ranges", kind, EVERYBODY, on=TODAY, size=10) == []
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
    preview = desk.get("/admin/operations/notice/preview")
    assert preview.status_code == 200
    assert all(kind.name in preview.content.decode() for kind in registry.notices)
