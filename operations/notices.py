"""What a notice is: whom it is for, when, over which channels, and its texts.

Each floor registers its kinds with `operations.registry.notices`. Whom it is for is said by a function of the database,
so that a night tells millions by a few statements (services/notices.py); the texts are a template for each kind,
`notices/<template>.txt`: the subject in its first line, the body after it, in whatever language is asked for. What a
text message says stands at the end, after a line of `~~~`; where that is missing it is the subject.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.functional import Promise

from operations.models import Notice

Facts = Mapping[str, Any]


#: What one text message holds, and each of several: of letters that GSM knows, and of all others.
SMS_PLAIN, SMS_PLAIN_PART, SMS_WIDE, SMS_WIDE_PART = 160, 153, 70, 67
#: No notice is longer than so many messages; the rest is cut off.
SMS_MOST_PARTS = 2


class Text(NamedTuple):
    """A notice as it is read: as an e-mail, and as a text message of one line."""

    subject: str
    body: str
    sms: str

    @property
    def sms_parts(self) -> int:
        """As how many messages the line is sent, and paid for."""
        alone, part = (SMS_PLAIN, SMS_PLAIN_PART) if self.sms.isascii() else (SMS_WIDE, SMS_WIDE_PART)
        return 1 if len(self.sms) <= alone else -(-len(self.sms) // part)


class Contact(NamedTuple):
    """Where a member is told, and in which language of the house; blank: not known."""

    email: str = ""
    mobile: str = ""
    language: str = ""
    refuses_sms: bool = False


class NoticeKind:
    """A kind of notice. A subclass, or each of its instances, has a name of its own."""

    name: str
    label: str | Promise
    template: str
    #: Function of the database: (business_date date, days integer, first_id bigint, last_id bigint) returns rows of
    #: (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date), one for each id at the most:
    #: `until` is the last day on which there is something to tell, for nights that are made up for. Reads only.
    function: str
    #: Function of the database: (owner bigint, is_required boolean) returns boolean, whether a text message reaches
    #: them: there is a mobile, and they do not refuse text messages, unless it is required.
    mobile_function: str
    #: So many days ahead of what it tells of; the function is given them.
    days = 0
    #: Where nobody has said otherwise (NoticeRule).
    channels: tuple[str, ...] = (Notice.Channel.EMAIL, Notice.Channel.WEBHOOK)
    is_urgent = False
    #: By law or contract: a text message goes to those, too, who refuse them.
    is_required = False
    #: Jobs whose runs for the business date have to have ended before it is found out who is told.
    after: tuple[str, ...] = ()
    #: Facts for the preview.
    sample: Facts

    def contact_of(self, owner: int) -> Contact:
        """Where the member is told; blank where there is no address (any more)."""
        raise NotImplementedError

    def page_of(self, key: int) -> tuple[str, str]:
        """The record that an id of the function is of, in words, and the address of its page."""
        raise NotImplementedError

    def text(self, facts: Facts, *, language: str) -> Text:
        """The notice in a language of the house."""
        with translation.override(language):
            written = render_to_string(f"notices/{self.template}.txt", _words(facts, language=language))
        mail, _line, sms = written.strip().partition("\n~~~\n")
        subject, _line, body = mail.partition("\n")
        return Text(subject.strip(), body.strip(), _one_line(sms or subject))


def language_of(contact: Contact) -> str:
    """The language in which a member is told: their own where it is known, else the house's."""
    return contact.language if contact.language in dict(settings.LANGUAGES) else settings.NOTICE_LANGUAGE


def _one_line(text: str) -> str:
    """As a text message: without line breaks, and of a bounded length."""
    line = " ".join(text.split())
    most = SMS_MOST_PARTS * (SMS_PLAIN_PART if line.isascii() else SMS_WIDE_PART)
    return line if len(line) <= most else f"{line[:SMS_MOST_PARTS * SMS_WIDE_PART - 1]}…"


def texts(kind: NoticeKind, facts: Facts) -> dict[str, Text]:
    """The notice in each language of the house."""
    return {language: kind.text(facts, language=language) for language, _name in settings.LANGUAGES}


def _words(facts: Facts, *, language: str) -> dict[str, Any]:
    """Facts as templates need them: dates of `..._on`, money of `..._amount`, numbers in groups of three; of `x` and
    `x_en` the language's own."""
    words: dict[str, Any] = {}
    for name, value in facts.items():
        if name.endswith("_en"):
            continue
        if not language.startswith("zh"):
            value = facts.get(f"{name}_en", value)
        words[name] = _value(name, value)
    return words


def _value(name: str, value: Any) -> Any:
    if isinstance(value, int) and value:
        return f"{value:,}"
    try:
        if name.endswith("_on") and value:
            return date.fromisoformat(value)
        if name.endswith("_amount") and value:
            return Decimal(value)
    except (ValueError, TypeError, InvalidOperation):
        pass
    return value
