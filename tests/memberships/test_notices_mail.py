"""How notices go out: as e-mails and as webhooks, whatever the server, the settings or the address."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings as house

from memberships.models import MemberContact
from operations import registry
from operations.models import Notice, OutboxMessage
from operations.services.notices import tell
from operations.services.outbox import put_message
from tests.mailbox import Mailbox, open_mailbox
from tests.memberships.night_stories import at_night, run_job
from tests.memberships.notice_stories import AHEAD, a_full_wallet, a_reader, state_of, swept, told
from tests.operations.receiver import SECRET, Receiver, listening

Channel, State = Notice.Channel, OutboxMessage.State


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
    tell(kind, owner=wallet.member_id, key="k:1", facts=kind.sample, on=AHEAD, at=at_night(AHEAD))
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
