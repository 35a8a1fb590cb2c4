"""The outlet `mail`: notices as e-mails, by Django's mail settings; and those that hand them to a webhook: all that is
said of a notice, or a text message to be sent to a mobile."""

import asyncio
import hashlib
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.db import connections

from operations.models import OutboxMessage
from operations.notices import Contact, language_of, texts
from operations.outbound import Limits
from operations.outlets import Reply, Verdict
from operations.quiet_hours import URGENT
from operations.services.notices import kind_of, rule_of
from operations.webhooks import Connection, Events, find_receiver

GONE = Reply(Verdict.REFUSED, "no such kind of notice")
NO_ADDRESS = Reply(Verdict.REFUSED, "no e-mail address")
NO_MOBILE = Reply(Verdict.REFUSED, "no mobile")
REFUSES_SMS = Reply(Verdict.REFUSED, "refuses text messages")
#: Without its text: what is no address may be anything, and no masking would know it.
BAD_ADDRESS = Reply(Verdict.REFUSED, "bad address")


class Mail:
    """E-mails to the members' addresses, which are looked up when a message is sent. It may arrive twice, under one
    Message-ID."""

    name = "mail"
    patience = timedelta(seconds=30)

    @property
    def limits(self) -> Limits:
        return Limits(in_flight=settings.EMAIL_IN_FLIGHT, per_second=settings.EMAIL_PER_SECOND)

    def takes(self, topic: str) -> bool:
        return topic in ("notice.email", f"notice.email{URGENT}") and settings.EMAIL_IS_ON

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        yield None

    async def deliver(self, connection: None, message: OutboxMessage) -> Reply:
        return await asyncio.to_thread(_send, message)


def _send(message: OutboxMessage) -> Reply:
    """In a thread of its own, since neither the database nor SMTP is asynchronous here."""
    try:
        email = _write(message)
    finally:
        connections.close_all()
    if isinstance(email, Reply):
        return email
    try:
        with get_connection(timeout=settings.EMAIL_TIMEOUT) as server:
            email.connection = server
            email.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
        return _refusal(error)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # Of the settings or the server, not of this mail: a password, a sender (which may be no address), a blocked
        # house. Its words may hold the address, too.
        return Reply(Verdict.AGAIN, type(error).__name__)
    return Reply(Verdict.DELIVERED)


def _write(message: OutboxMessage) -> EmailMessage | Reply:
    kind = kind_of(message)
    if kind is None:
        return GONE
    contact = kind.contact_of(message.payload["member"])
    if not contact.email:
        return NO_ADDRESS
    try:
        validate_email(contact.email)
    except ValidationError:
        return BAD_ADDRESS
    text = kind.text(message.payload["facts"], language=language_of(contact))
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    return EmailMessage(
        # A name in the facts could hold a line break, which no header may.
        " ".join(text.subject.split()), text.body, to=[contact.email], headers={"Message-ID": f"<{digest}@{domain}>"}
    )


def _refusal(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> Reply:
    """Of a recipient or the text. 4xx: later. 5xx: never. Only the code is kept: the words may hold the address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _words in error.recipients.values()]
        code = max(codes, default=550)
    else:
        code = int(error.smtp_code)
    is_final = 500 <= code < 600
    return Reply(Verdict.REFUSED if is_final else Verdict.AGAIN, f"SMTP {code}")


class NoticeEvents(Events):
    """Notices as signed webhooks, with their texts in each language of the house."""

    name = "notice_events"

    def takes(self, topic: str) -> bool:
        return topic == "notice.webhook" and find_receiver() is not None

    def data_of(self, message: OutboxMessage) -> dict[str, Any]:
        kind = kind_of(message)
        said = texts(kind, message.payload["facts"]) if kind else {}
        return {**message.payload, "texts": {language: text._asdict() for language, text in said.items()}}


class SmsEvents(Events):
    """Text messages, as signed webhooks to whoever sends them: the number, and one line in the member's language.

    The number is looked up when a message is sent and stands in the signed body alone.
    """

    name = "sms_events"

    def takes(self, topic: str) -> bool:
        is_sms = topic in ("notice.sms", f"notice.sms{URGENT}")
        return is_sms and settings.SMS_IS_ON and find_receiver() is not None

    async def deliver(self, connection: Connection, message: OutboxMessage) -> Reply:
        said = await asyncio.to_thread(_write_sms, message)
        return said if isinstance(said, Reply) else await self.post(connection, message, said, topic="notice.sms")


def _write_sms(message: OutboxMessage) -> dict[str, Any] | Reply:
    try:
        kind = kind_of(message)
        contact = kind.contact_of(message.payload["member"]) if kind else Contact()
        is_refused = contact.refuses_sms and kind is not None and not rule_of(kind).is_required
    finally:
        connections.close_all()
    if kind is None:
        return GONE
    if not contact.mobile:
        return NO_MOBILE
    # They may have said so while the message waited.
    if is_refused:
        return REFUSES_SMS
    language = language_of(contact)
    text = kind.text(message.payload["facts"], language=language)
    return {
        "kind": kind.name, "member": message.payload["member"], "mobile": contact.mobile, "language": language,
        "text": text.sms, "is_urgent": message.topic.endswith(URGENT),
    }
