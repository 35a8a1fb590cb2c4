"""What members are told: of points, tiers, payments and cards; once, and only of what is still to come."""

import json
from datetime import date
from typing import Any

import pytest
from django.conf import settings as house
from django.db import transaction
from django.urls import reverse

from memberships.models import Enrolment, Member, Payment, Subscription, TierStanding
from memberships.services.refunds import request_refund
from operations import registry
from operations.errors import KeyConflictError
from operations.models import JobRun, Notice, RunItem
from operations.notices import SMS_MOST_PARTS, texts
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.notices import EVERYBODY, notice_ranges, tell, tell_range
from operations.tasks import work_through
from tests.gateway import GatewayForTests
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.factories import TODAY, an_operator
from tests.memberships.night_stories import ask_again, at_night, night, run_job
from tests.memberships.notice_stories import (
    AHEAD,
    DAY,
    LAST,
    a_february_card,
    a_full_wallet,
    a_gold_member_of_two_ladders,
    a_reader,
    told,
)
from tests.memberships.points_stories import MARCH, a_wallet, at_once, earn, spend

Channel = Notice.Channel


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
    reader = a_reader()
    a_full_wallet(reader)
    kind = registry.notices.get("points_expire_30")
    facts = {"points": 1_200, "expires_on": "2027-03-01", "programme": "x", "programme_en": "x"}
    results = at_once(*[
        lambda: tell(kind, owner=reader.pk, key="k:1", facts=facts, on=AHEAD, at=at_night(AHEAD))
    ] * 3)
    assert len(results) == 3 and not any(isinstance(result, Exception) for result in results)
    assert told() == [("points_expire_30", "email"), ("points_expire_30", "webhook")]
    # Of a night by two runs at once, too.
    results = at_once(*[lambda: tell_range(kind, EVERYBODY, on=AHEAD, at=at_night(AHEAD))] * 3)
    assert sorted(results) == [0, 0, 1]
    assert told() == [("points_expire_30", "email"), ("points_expire_30", "webhook")] * 2
    with pytest.raises(KeyConflictError):
        tell(kind, owner=reader.pk, key="k:1", facts={**facts, "points": 1}, on=AHEAD, at=at_night(AHEAD))


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
        on = charged_on - before * DAY
        night(on)
        tell_range(registry.notices.get("card_renews_7"), EVERYBODY, on=on, at=at_night(on))
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
        assert "None" not in text.body and "{{" not in text.body and "~~~" not in text.body
        assert text.sms and "\n" not in text.sms and text.sms_parts <= SMS_MOST_PARTS
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
