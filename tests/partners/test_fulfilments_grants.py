"""A grant of what a partner fulfils, and what is wanted of the partner from then on."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from benefits.models import Grant
from partners.models import Command, Fulfilment, FulfilmentEvent, Offer
from partners.services.commands import EVERYTHING, claim, due_partners
from partners.services.fulfilments import queue_next
from tests.memberships.factories import a_person
from tests.partner import PartnersForTests
from tests.partners.at_once_stories import beside, wait_for_waiting
from tests.partners.fulfilment_stories import (
    NOON,
    TODAY,
    a_grant,
    a_partner,
    an_offer,
    change,
    commands_of,
    fulfilment_of,
    give,
    states,
    work_off,
)

Mode = Offer.Mode


@pytest.mark.django_db(transaction=True)
def test_grant_is_ordered_from_partner_and_is_active_there(partners: PartnersForTests) -> None:
    iqiyi = a_partner(at=partners)
    fulfilment = fulfilment_of(a_grant(an_offer(iqiyi)))
    assert (fulfilment.state, fulfilment.wanted) == ("requested", "active")
    assert work_off(iqiyi) == 1
    fulfilment.refresh_from_db()
    assert (fulfilment.state, fulfilment.sequence, fulfilment.error) == ("active", 1, "")
    assert fulfilment.reference
    assert fulfilment.activated_on is not None
    assert partners.partner("iqiyi").states() == {fulfilment.key: "active"}
    assert commands_of(fulfilment) == [("provision", "done")]
    assert work_off(iqiyi) == 0


@pytest.mark.django_db(transaction=True)
def test_right_in_grace_is_suspended_comes_back_and_ends(partners: PartnersForTests) -> None:
    iqiyi = a_partner(at=partners)
    grant = a_grant(an_offer(iqiyi, suspends_in_grace=True))
    seen = []
    for state in ("", "in_grace", "live", "ended"):
        if state:
            change(grant, state=state)
        work_off(iqiyi)
        assert states(iqiyi) == partners.partner("iqiyi").states()
        seen.append(fulfilment_of(grant).state)
    assert seen == ["active", "suspended", "active", "revoked"]
    assert [kind for kind, _state in commands_of(fulfilment_of(grant))] == ["provision", "suspend", "resume", "revoke"]
    assert fulfilment_of(grant).revoked_on is not None


@pytest.mark.django_db
def test_offer_that_does_not_suspend_goes_on_in_grace() -> None:
    grant = a_grant(an_offer(a_partner()))
    change(grant, state="in_grace")
    assert fulfilment_of(grant).wanted == "active"
    assert commands_of(fulfilment_of(grant)) == [("provision", "queued")]


@pytest.mark.django_db
def test_what_was_never_sent_is_revoked_without_a_call() -> None:
    grant = a_grant(an_offer(a_partner()))
    change(grant, state="ended")
    fulfilment = fulfilment_of(grant)
    assert (fulfilment.state, fulfilment.dead_at) == ("revoked", None)
    assert commands_of(fulfilment) == [("provision", "failed")]
    assert not Command.objects.open().exists()


@pytest.mark.django_db
def test_what_may_have_been_sent_is_revoked_when_that_is_answered() -> None:
    grant = a_grant(an_offer(a_partner()))
    Command.objects.update(state="sent", attempts=1)
    change(grant, state="ended")
    assert (fulfilment_of(grant).state, fulfilment_of(grant).wanted) == ("requested", "revoked")
    assert commands_of(fulfilment_of(grant)) == [("provision", "sent")]


@pytest.mark.django_db
def test_order_that_failed_after_it_was_sent_is_revoked_by_one_command_however_often_it_is_asked() -> None:
    grant = a_grant(an_offer(a_partner()))
    Command.objects.update(state="failed", attempts=9, answered_at=NOON)
    change(grant, state="ended")
    for _time in range(3):
        queue_next([fulfilment_of(grant).pk], on=TODAY, at=NOON)
    assert commands_of(fulfilment_of(grant)) == [("provision", "failed"), ("revoke", "queued")]


@pytest.mark.django_db(transaction=True)
def test_right_that_ends_while_its_order_is_being_sent_waits_for_the_answer() -> None:
    """The worker has claimed the command, and not committed yet, when the right ends beside it."""
    iqiyi = a_partner()
    grant = a_grant(an_offer(iqiyi))
    with transaction.atomic():
        assert len(claim(iqiyi, EVERYTHING, at=NOON, most=1)) == 1
        thread, came = beside(lambda: change(grant, state="ended"))
        wait_for_waiting(1)
    thread.join()
    assert came == [None]
    assert commands_of(fulfilment_of(grant)) == [("provision", "sent")]
    assert (fulfilment_of(grant).state, fulfilment_of(grant).wanted) == ("requested", "revoked")


@pytest.mark.django_db
def test_many_grants_of_one_statement_are_ordered_each_once_under_numbers_nobody_guesses() -> None:
    iqiyi = a_partner()
    api, daily, manual = an_offer(iqiyi), an_offer(iqiyi, mode=Mode.DAILY_FILE), an_offer(iqiyi, mode=Mode.MANUAL)
    give([api, daily, manual])
    assert Command.objects.filter(kind="provision", state="queued", number=1, next_attempt_at=NOON).count() == 3
    assert FulfilmentEvent.objects.filter(kind="wanted", state="active", on=TODAY).count() == 3
    for fulfilment in Fulfilment.objects.all():
        number, _dash, random = fulfilment.key.removeprefix("f").partition("-")
        assert (int(number), len(random)) == (fulfilment.pk, 12)


@pytest.mark.django_db
def test_command_is_of_its_partner_and_mode_and_only_a_partner_with_an_api_is_called() -> None:
    iqiyi, lounge, bank = a_partner(), a_partner("lounge"), a_partner("bank")
    offers = [an_offer(iqiyi), an_offer(lounge, mode=Mode.MANUAL), an_offer(bank, mode=Mode.DAILY_FILE)]
    grants = give(offers)
    Command.objects.update(state="done", attempts=1)
    Fulfilment.objects.update(state="active")
    change(*grants, state="ended")
    assert Command.objects.filter(kind="revoke", state="queued").count() == 3
    for command in Command.objects.select_related("fulfilment__offer"):
        assert (command.partner_id, command.mode) == (command.fulfilment.partner_id, command.fulfilment.offer.mode)
    assert due_partners(at=timezone.now()) == [iqiyi]
    assert {command.partner for command in Command.objects.waiting_for_hands()} == {lounge}


@pytest.mark.django_db
def test_what_the_partner_reports_is_active_at_once_and_never_ordered() -> None:
    grant = a_grant(an_offer(a_partner("jd-health"), mode=Mode.REPORTED))
    assert (fulfilment_of(grant).state, fulfilment_of(grant).activated_on) == ("active", TODAY)
    change(grant, state="ended")
    assert (fulfilment_of(grant).state, fulfilment_of(grant).revoked_on) == ("revoked", TODAY)
    assert not Command.objects.exists()


@pytest.mark.django_db
def test_benefit_without_an_offer_on_that_day_concerns_no_partner() -> None:
    ended = an_offer(a_partner(), ends_on=TODAY - timedelta(days=1))
    a_grant(ended)
    a_grant(an_offer(a_partner("kugou"), starts_on=TODAY + timedelta(days=1)))
    assert not Fulfilment.objects.exists()


@pytest.mark.django_db
def test_grant_that_changes_otherwise_leaves_its_fulfilment_alone() -> None:
    grant = a_grant(an_offer(a_partner()))
    Grant.objects.filter(pk=grant.pk).update(valid_until=TODAY + timedelta(days=30))
    assert FulfilmentEvent.objects.count() == 1


@pytest.mark.django_db
def test_member_who_goes_in_and_out_of_grace_before_anything_was_sent_is_provisioned_once() -> None:
    grant = a_grant(an_offer(a_partner(), suspends_in_grace=True), member=a_person())
    for state in ("in_grace", "live", "in_grace", "live"):
        change(grant, state=state)
    assert commands_of(fulfilment_of(grant)) == [("provision", "queued")]
    assert fulfilment_of(grant).wanted == "active"
