"""Members who want no text messages get none, from when they say so; what is required reaches them all the same."""

from typing import Any

import pytest
from django.urls import reverse

from memberships.models import Member, MemberContact
from memberships.services.members import set_text_messages
from operations import registry
from operations.models import Notice, NoticeRule, OutboxMessage
from operations.services.notices import EVERYBODY, rule_of, set_rule, tell, tell_range
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import an_operator, last_event
from tests.memberships.night_stories import at_night
from tests.memberships.notice_stories import MARCH, a_full_wallet, a_reader, state_of, swept
from tests.memberships.test_notices_sms import WEEK_AHEAD, Channel, State, clock, receiver, texted
from tests.operations.receiver import Receiver

__all__ = ["receiver"]
KIND = "points_expire_7"


def refused(member: Member, *, are_refused: bool = True) -> MemberContact:
    contact = MemberContact.objects.get(member=member, is_primary=True)
    return set_text_messages(contact, are_refused=are_refused, reason="来电要求", at=clock(9), actor=None)


def told() -> set[tuple[int, str]]:
    tell_range(registry.notices.get(KIND), EVERYBODY, on=WEEK_AHEAD, at=at_night(WEEK_AHEAD))
    return set(Notice.objects.filter(kind=KIND).values_list("owner", "channel"))


@pytest.mark.django_db
def test_who_refuses_text_messages_is_told_by_mail_alone() -> None:
    member, other = a_reader(mobile="13812345678"), a_reader(mobile="13912345678")
    for each in (member, other):
        a_full_wallet(each)
    refused(member)
    found = told()
    assert (member.pk, Channel.EMAIL) in found and (other.pk, Channel.SMS) in found
    assert (member.pk, Channel.SMS) not in found
    by_hand = tell(
        registry.notices.get("card_lapsed"), owner=member.pk, key="card-lapsed:1", facts={}, on=MARCH,
        at=at_night(MARCH),
    )
    assert {notice.channel for notice in by_hand} == {Channel.EMAIL, Channel.WEBHOOK}


@pytest.mark.django_db
def test_what_is_required_goes_to_everybody_with_a_mobile() -> None:
    member = a_reader(mobile="13812345678")
    a_full_wallet(member)
    refused(member)
    kind = registry.notices.get(KIND)
    NoticeRule.objects.create(kind=KIND, channels=["sms"])
    assert not rule_of(kind).is_required and told() == set()
    set_rule(kind, channels=["sms"], is_urgent=False, is_required=True, reason="by contract", actor=None)
    assert told() == {(member.pk, Channel.SMS)}
    required = {each.name for each in registry.notices if rule_of(each).is_required}
    assert required == {KIND, "refund_paid", "overdue_hold", "overdue_collection", "line_suspended"}


@pytest.mark.django_db(transaction=True)
def test_who_refuses_while_a_message_waits_is_not_sent_it(receiver: Receiver) -> None:
    member, other = a_reader(mobile="13812345678"), a_reader(mobile="13912345678")
    for each in (member, other):
        a_full_wallet(each)
    told()
    refused(member)
    swept(clock(8))
    assert [mobile for mobile, _text in texted(receiver)] == ["13912345678"]
    (notice,) = Notice.objects.filter(owner=member.pk, channel=Channel.SMS)
    state, why = state_of(notice)
    assert state != State.SENT and why == "refuses text messages"
    assert OutboxMessage.objects.get(pk=notice.message_id).attempts <= 1


@pytest.mark.django_db
def test_it_is_noted_at_the_desk_with_who_and_when_and_taken_back() -> None:
    xiaomei = granted(an_operator(), "memberships.view_member", "memberships.view_membercontact",
                      "memberships.change_membercontact")
    desk, member = signed_in(xiaomei), a_reader(mobile="13812345678")
    contact = MemberContact.objects.get(member=member)
    url = reverse("admin:memberships_membercontact_text-messages", args=[contact.pk])
    assert desk.post(url, {"are_refused": "on", "reason": " "}).status_code == 422
    assert desk.post(url, {"are_refused": "on", "reason": "客户来电"}).status_code == 302
    contact.refresh_from_db()
    since = contact.sms_refused_at
    assert since is not None and contact.sms_refused_by == xiaomei
    assert last_event(contact).pgh_context["reason"] == "客户来电"
    desk.post(url, {"are_refused": "on", "reason": "又来电"})
    contact.refresh_from_db()
    assert contact.sms_refused_at == since, "when it was first said"
    page = desk.get(reverse("admin:memberships_member_change", args=[member.pk])).content.decode()
    assert "no text messages" in page
    desk.post(url, {"reason": "又同意了"})
    contact.refresh_from_db()
    assert (contact.sms_refused_at, contact.sms_refused_by) == (None, None)
    looks = signed_in(granted(an_operator("auditor"), "memberships.view_membercontact"))
    assert looks.get(url).status_code == 403


@pytest.mark.django_db
def test_the_desk_says_which_kinds_are_required() -> None:
    desk = signed_in(a_superuser())
    url = reverse("admin:operations_notice_channels", args=["refund_paid"])
    page: Any = desk.get(url)
    assert page.context["form"].initial["is_required"] is True
    desk.post(url, {"channels": ["email", "sms"], "reason": "法务意见"})
    assert not rule_of(registry.notices.get("refund_paid")).is_required
    preview = desk.get(reverse("admin:operations_notice_preview")).content.decode()
    assert "is told all the same" in preview and "is sent none" in preview
