"""Members: joining the house, and the lock that every change of what a member owns begins with."""

from datetime import date, datetime

from django.db import transaction

from memberships.models import Member, MemberContact
from memberships.models.contacts import Language
from memberships.models.programmes import Audience
from operations.audit import because
from operations.models import User


@transaction.atomic
def join_as_person(*, name: str, mobile: str, email: str, on: date, actor: User | None) -> Member:
    """Make a person a member, with how to reach them; a blank stays blank. Grants nothing yet."""
    with because("joined", actor=actor):
        member = Member.objects.create(kind=Audience.PERSON, joined_on=on)
        MemberContact.objects.create(
            member=member, name=name.strip(), mobile=mobile.strip(), email=email.strip()
        )
    return member


@transaction.atomic
def set_language(contact: MemberContact, language: str, *, reason: str, actor: User | None) -> MemberContact:
    """Note in which language a member is told; blank: it is not known. ValueError for one that the house has not."""
    if language not in ("", *Language.values):
        raise ValueError(language)
    lock_member(contact.member_id)
    with because(reason, actor=actor):
        MemberContact.objects.filter(pk=contact.pk).update(language=language)
    contact.language = language
    return contact


@transaction.atomic
def set_text_messages(
    contact: MemberContact, *, are_refused: bool, reason: str, at: datetime, actor: User | None
) -> MemberContact:
    """Note that a contact wants no text messages, or wants them again; a repeat keeps when it was first noted."""
    lock_member(contact.member_id)
    contact = MemberContact.objects.get(pk=contact.pk)
    if are_refused == (contact.sms_refused_at is not None):
        return contact
    contact.sms_refused_at, contact.sms_refused_by = (at, actor) if are_refused else (None, None)
    with because(reason, actor=actor):
        contact.save(update_fields=["sms_refused_at", "sms_refused_by"])
    return contact


def lock_member(pk: int) -> Member:
    """Lock the owner of subscriptions, points and credit, and read it afresh. Only inside a transaction.

    The first statement of every service that changes what the member owns, so that two of them take turns.
    The lock leaves the key free: a row that only refers to the member need not wait.
    Raises Member.DoesNotExist.
    """
    return Member.objects.select_for_update(no_key=True).get(pk=pk)
