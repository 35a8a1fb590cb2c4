"""A programme file takes effect by two people, on its day, once; what was in effect comes back as a new revision."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from memberships.errors import RevisionStateError
from memberships.models import Plan, Programme, ProgrammeRevision, Subscription, Tier
from memberships.programme_files.comparing import compare
from memberships.programme_files.documents import kept_document
from memberships.programme_files.faults import ProgrammeFileError
from memberships.services.revisions import (
    discard_revision,
    draft_revision,
    edit_draft,
    roll_back,
    submit_revision,
    take_effect,
    take_up_again,
)
from memberships.services.subscriptions import join, request_subscription
from operations.errors import ApprovalError
from operations.models import Approval
from operations.services.approvals import approve, reject
from tests.memberships.factories import TODAY, a_person
from tests.memberships.night_stories import run_job
from tests.memberships.programme_stories import CLUB, club, with_plan, with_tiers
from tests.programmes.stories import a_manager, an_approver, approved, in_effect, noon, submitted

pytestmark = pytest.mark.django_db
State = ProgrammeRevision.State
TOMORROW, IN_A_WEEK = TODAY + timedelta(days=1), TODAY + timedelta(days=7)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def on_sale() -> list[Decimal]:
    """Prices of the plans that are on sale without an end."""
    return [plan.price for plan in Plan.objects.filter(on_sale_until=None)]


def thresholds() -> list[int]:
    """Of the ladder, from below."""
    return list(Tier.objects.order_by("rank").values_list("threshold", flat=True))


def test_nothing_changes_before_the_second_person_has_said_yes() -> None:
    revision = submitted(club())
    assert (revision.state, Programme.objects.count()) == (State.SUBMITTED, 0)
    assert revision.told()[0]["words"] == "New programme “Club” (club)"
    revision = approved(revision)
    assert (revision.state, revision.number, revision.programme) == (State.IN_EFFECT, 1, Programme.objects.get())
    assert revision.approval.state == Approval.State.EXECUTED


def test_the_request_tells_the_approver_what_would_change() -> None:
    in_effect(club())
    request = submitted(with_tiers(basic=0, silver=2_500, gold=6_000)).approval
    assert request.summary == "Programme file club r2 takes effect on 2027-01-15: 1 changes."
    assert request.figures == [[
        "1", "Tier “Silver”: threshold (points) 2,000 → 2,500; "
        "0 of 0 members on it would be below it at their next evaluation."
    ]]


def test_the_approver_reads_the_changes_in_another_language_than_their_maker() -> None:
    in_effect(club())
    with translation.override("zh-hans"):
        revision = submitted(with_tiers(basic=0, silver=2_500, gold=6_000))
    english, chinese = (revision.approval.texts[language][1][0][1] for language in ("en", "zh-hans"))
    assert english.startswith("Tier “Silver”: threshold (points) 2,000 → 2,500")
    assert chinese.startswith("等级“白银”") and revision.told()[0]["words"] == english
    with translation.override("zh-hans"):
        assert revision.told()[0]["words"] == chinese
    revision.changes = [{"words": "as it was kept before", "figures": {}}]
    assert revision.told() == revision.changes


def test_who_submitted_it_cannot_approve_it() -> None:
    revision = submitted(club())
    with pytest.raises(ApprovalError):
        approve(revision.approval, checker=revision.approval.maker, decision="", on=TODAY, at=noon(TODAY))
    assert Programme.objects.count() == 0


def test_a_file_for_a_later_day_takes_effect_in_the_night_of_that_day() -> None:
    in_effect(club())
    revision = approved(submitted(with_plan(price="129"), effective_on=IN_A_WEEK))
    assert (revision.state, revision.effective_on) == (State.APPROVED, IN_A_WEEK)
    run_job("apply_programme_revisions", on=IN_A_WEEK - timedelta(days=1))
    assert Plan.objects.get().price == 99
    run_job("apply_programme_revisions", on=IN_A_WEEK)
    prices = Plan.objects.order_by("version").values_list("price", "on_sale_from", "on_sale_until")
    assert list(prices) == [(99, TODAY, IN_A_WEEK - timedelta(days=1)), (129, IN_A_WEEK, None)]
    states = ProgrammeRevision.objects.order_by("number").values_list("state", flat=True)
    assert list(states) == [State.SUPERSEDED, State.IN_EFFECT]


def test_of_two_files_for_one_night_compared_with_the_same_one_only_the_first_is_approved() -> None:
    in_effect(club())
    first = submitted(with_plan(price="119"), effective_on=IN_A_WEEK)
    second = submitted(with_plan(price="129"), effective_on=IN_A_WEEK)
    approved(second)
    assert approved(first).approval.state == Approval.State.REFUSED
    run_job("apply_programme_revisions", on=IN_A_WEEK)
    assert on_sale() == [129]


def test_the_second_file_for_one_night_is_compared_with_the_first_and_takes_effect_after_it() -> None:
    in_effect(club())
    tiers = with_tiers(basic=0, silver=2_500, gold=6_000)
    approved(submitted(tiers, effective_on=IN_A_WEEK))
    second = submitted(club(), effective_on=IN_A_WEEK)
    assert second.approval.figures[0] == ["Compared with", "club r2, which is to take effect on 2027-01-22"]
    assert [change["words"].split(";")[0] for change in second.told()] == [
        "Tier “Silver”: threshold (points) 2,500 → 2,000"
    ]
    assert thresholds() == [0, 2_000, 6_000], "nothing is left of the comparison"
    approved(second)
    run = run_job("apply_programme_revisions", on=IN_A_WEEK)
    assert (run.done, run.failed) == (2, 0)
    assert ProgrammeRevision.objects.get(state=State.IN_EFFECT).number == second.number
    assert thresholds() == [0, 2_000, 6_000]


def test_a_file_for_a_later_day_does_not_undo_what_came_into_effect_in_between() -> None:
    in_effect(club())
    later = approved(submitted(with_tiers(basic=0, silver=2_000, gold=8_000), effective_on=IN_A_WEEK))
    between = submitted(with_plan(price="129"), effective_on=TOMORROW)
    assert between.approval.figures[0] == [
        "Will not take effect then", "club r2, which is to take effect on 2027-01-22"
    ]
    approved(between)
    run_job("apply_programme_revisions", on=TOMORROW)
    run = run_job("apply_programme_revisions", on=IN_A_WEEK)
    assert (run.done, run.failed) == (0, 1)
    assert (on_sale(), thresholds()) == ([129], [0, 2_000, 6_000])
    later.refresh_from_db()
    assert later.state == State.REJECTED
    assert "club r2 was compared with another state of the programme" in later.left_out
    assert run_job("apply_programme_revisions", on=IN_A_WEEK + timedelta(days=1)).failed == 0


def test_a_file_that_will_be_left_out_is_none_that_later_ones_are_compared_with() -> None:
    in_effect(club())
    approved(submitted(with_tiers(basic=0, silver=2_000, gold=8_000), effective_on=IN_A_WEEK))
    approved(submitted(with_plan(price="129"), effective_on=TOMORROW))
    last = submitted(with_plan(price="139"), effective_on=IN_A_WEEK + timedelta(days=7))
    assert last.approval.figures[0] == ["Compared with", "club r3, which is to take effect on 2027-01-16"]
    (change,) = last.told()
    assert "(price (CNY) 129 → 139)" in change["words"]
    approved(last)
    for day in (TOMORROW, IN_A_WEEK, last.effective_on):
        run_job("apply_programme_revisions", on=day)
    assert (on_sale(), thresholds()) == ([139], [0, 2_000, 6_000])


def test_rolling_back_is_compared_with_what_is_approved_for_an_earlier_day() -> None:
    first = approved(submitted(club()))
    approved(submitted(with_plan(price="129")))
    first.refresh_from_db()
    approved(submitted(with_plan(price="139"), effective_on=TOMORROW))
    back = roll_back(first, effective_on=IN_A_WEEK, on=TODAY, at=noon(TODAY), actor=a_manager())
    assert "139 → 99" in back.told()[0]["words"]


def test_an_approved_file_that_cannot_take_effect_any_more_stops_those_after_it_and_is_named() -> None:
    programme = in_effect(club(plans=[]))
    firms = club(plans=[], programme={**CLUB["programme"], "audience": "enterprise"})
    approved(submitted(firms, effective_on=TOMORROW))
    join(a_person(), Plan.objects.create(
        programme=programme, code="hand", name="手", name_en="Hand", price=1, term_months=1, on_sale_from=TODAY
    ), on=TODAY, actor=None)
    with pytest.raises(RevisionStateError, match="club r2, which is approved for 2027-01-16, cannot take effect"):
        draft_revision(with_plan(price="1"), effective_on=IN_A_WEEK, on=TODAY, at=noon(TODAY), actor=None)


def test_a_file_that_was_left_out_is_taken_up_again_and_tells_what_it_would_change_now() -> None:
    in_effect(club())
    later = approved(submitted(with_tiers(basic=0, silver=2_000, gold=8_000), effective_on=IN_A_WEEK))
    approved(submitted(with_plan(price="129"), effective_on=TOMORROW))
    for day in (TOMORROW, IN_A_WEEK):
        run_job("apply_programme_revisions", on=day)
    draft = take_up_again(later, actor=a_manager())
    assert (draft.state, draft.left_out) == (State.DRAFT, "")
    again = submit_revision(draft, reason="again", on=IN_A_WEEK, at=noon(IN_A_WEEK), actor=a_manager())
    assert [change["words"].split(";")[0] for change in again.told()] == [
        "Tier “Gold”: threshold (points) 6,000 → 8,000",
        "Plan “Annual card v2”: version 3 on sale from 2027-01-22 (price (CNY) 129 → 99)",
    ]
    assert again.approval != later.approval
    assert approved(again, on=IN_A_WEEK).state == State.IN_EFFECT
    assert thresholds() == [0, 2_000, 8_000]


def test_a_file_that_was_left_out_can_be_put_away_for_good() -> None:
    in_effect(club())
    later = approved(submitted(with_plan(price="119"), effective_on=IN_A_WEEK))
    approved(submitted(with_plan(price="129")))
    run_job("apply_programme_revisions", on=IN_A_WEEK)
    discard_revision(later, reason="over", actor=None)
    with pytest.raises(RevisionStateError):
        take_up_again(later, actor=None)


def test_a_file_that_was_compared_with_a_discarded_one_is_left_out() -> None:
    in_effect(club())
    first = approved(submitted(with_tiers(basic=0, silver=2_500, gold=6_000), effective_on=TOMORROW))
    approved(submitted(with_plan(price="129"), effective_on=IN_A_WEEK))
    discard_revision(first, reason="the campaign is off", actor=None)
    assert run_job("apply_programme_revisions", on=IN_A_WEEK).failed == 1
    assert on_sale() == [99]


def test_files_of_several_days_take_effect_one_after_the_other_even_in_one_late_night() -> None:
    in_effect(club())
    approved(submitted(with_plan(price="119"), effective_on=TOMORROW))
    approved(submitted(with_plan(price="129"), effective_on=IN_A_WEEK))
    assert run_job("apply_programme_revisions", on=IN_A_WEEK).done == 2
    assert on_sale() == [129]


def test_a_revision_takes_effect_once_however_often_it_is_asked() -> None:
    revision = approved(submitted(club()))
    again = take_effect(revision, on=TODAY, at=noon(TODAY), actor=None)
    assert again.applied_at == revision.applied_at
    assert Plan.objects.count() == 1


def test_another_file_in_effect_meanwhile_refuses_the_request() -> None:
    in_effect(club())
    slow = submitted(with_plan(price="119"))
    approved(submitted(with_plan(price="129")))
    slow = approved(slow)
    assert slow.approval.state == Approval.State.REFUSED
    assert slow.state == State.SUBMITTED
    assert on_sale() == [129]
    assert take_up_again(slow, actor=None).state == State.DRAFT


def test_a_rejected_file_is_edited_and_submitted_anew() -> None:
    revision = submitted(club())
    reject(revision.approval, checker=an_approver(), decision="the price", at=noon(TODAY))
    revision = take_up_again(revision, actor=a_manager())
    dearer = with_plan(price="199")
    revision = edit_draft(revision, dearer, effective_on=TODAY, on=TODAY, at=noon(TODAY), actor=a_manager())
    revision = approved(submit_revision(revision, reason="again", on=TODAY, at=noon(TODAY), actor=a_manager()))
    assert (revision.number, revision.state) == (1, State.IN_EFFECT)
    assert Plan.objects.get().price == 199


def test_what_was_submitted_cannot_be_edited_not_even_by_sql() -> None:
    revision = submitted(club())
    with pytest.raises(RevisionStateError):
        edit_draft(revision, with_plan(price="1"), effective_on=TODAY, on=TODAY, at=noon(TODAY), actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProgrammeRevision.objects.update(document={})


def test_a_file_that_changes_nothing_is_not_submitted() -> None:
    in_effect(club())
    draft = draft_revision(club(), effective_on=TODAY, on=TODAY, at=noon(TODAY), actor=None)
    with pytest.raises(RevisionStateError, match="Nothing would change"):
        submit_revision(draft, reason="again", on=TODAY, at=noon(TODAY), actor=a_manager())


def test_an_approved_file_can_be_discarded_before_its_day() -> None:
    revision = approved(submitted(club(), effective_on=IN_A_WEEK))
    discard_revision(revision, reason="the campaign is off", actor=None)
    run_job("apply_programme_revisions", on=IN_A_WEEK)
    assert Programme.objects.count() == 0


def test_a_file_that_cannot_take_effect_leaves_everything_as_it_was() -> None:
    programme = in_effect(club(plans=[]))
    firms = {**CLUB["programme"], "audience": "enterprise"}
    revision = submitted(club(programme=firms))
    in_effect_now = programme.plans.count(), Tier.objects.count()
    join(a_person(), Plan.objects.create(
        programme=programme, code="hand", name="手", name_en="Hand", price=1, term_months=1, on_sale_from=TODAY
    ), on=TODAY, actor=None)
    revision = approved(revision)
    assert revision.approval.state == Approval.State.REFUSED
    assert "the programme has members" in revision.approval.outcome
    programme.refresh_from_db()
    assert programme.audience == "person"
    assert (programme.plans.count() - 1, Tier.objects.count()) == in_effect_now


def test_rolling_back_is_a_new_revision_that_is_approved_like_any_other() -> None:
    first = approved(submitted(club()))
    approved(submitted(with_tiers(basic=0, gold=6_000)))
    assert Tier.objects.get(code="silver").retired_on == TODAY
    back = roll_back(
        ProgrammeRevision.objects.get(pk=first.pk), effective_on=TODAY, on=TODAY, at=noon(TODAY), actor=a_manager()
    )
    assert (back.state, back.number, back.rolled_back_to) == (State.DRAFT, 3, first)
    approved(submit_revision(back, reason="it went wrong", on=TODAY, at=noon(TODAY), actor=a_manager()))
    assert Tier.objects.get(code="silver").retired_on is None
    assert ProgrammeRevision.objects.get(number=2).state == State.SUPERSEDED


def test_two_revisions_are_compared_entry_by_entry() -> None:
    old, new = kept_document(club().content), kept_document(with_tiers(basic=0, gold=8_000).content)
    assert [tuple(difference) for difference in compare(old, new)] == [
        ("tiers · levels/silver", "group: levels, code: silver, name: zh: 白银, en: Silver, threshold: 2000", ""),
        ("tiers · levels/gold · threshold", "6000", "8000"),
    ]


def test_cards_keep_their_version_until_they_are_renewed() -> None:
    programme = in_effect(club())
    card = join(a_person(), programme.plans.get(), on=TODAY, actor=None)
    approved(submitted(with_plan(price="129"), effective_on=TODAY + timedelta(days=1)))
    run_job("apply_programme_revisions", on=TODAY + timedelta(days=1))
    run_job("move_cards", on=TODAY + timedelta(days=1))
    card.refresh_from_db()
    assert card.plan.version == 1


def test_cards_move_on_the_day_that_the_file_names_and_pending_ones_keep_the_price_they_were_asked() -> None:
    programme = in_effect(club())
    plan = programme.plans.get()
    card = join(a_person(), plan, on=TODAY, actor=None)
    pending = request_subscription(a_person(), plan, on=TODAY, actor=None)
    moves_on = date(2027, 3, 1)
    approved(submitted(
        with_plan(price="129", grace_days=14, existing_subscriptions={"move_on": moves_on.isoformat()}),
        effective_on=IN_A_WEEK,
    ))
    run_job("apply_programme_revisions", on=IN_A_WEEK)
    run_job("move_cards", on=moves_on - timedelta(days=1))
    assert Subscription.objects.get(pk=card.pk).plan == plan
    assert run_job("move_cards", on=moves_on).done == 1
    moved = Subscription.objects.get(pk=card.pk)
    assert (moved.plan.version, moved.plan.price, moved.plan.grace_days) == (2, Decimal(129), 14)
    assert moved.terms.get().plan == plan
    assert Subscription.objects.get(pk=pending.pk).plan == plan
    assert run_job("move_cards", on=moves_on + timedelta(days=1)).done == 0


def test_a_draft_with_a_fault_against_the_tables_is_refused() -> None:
    in_effect(club())
    with pytest.raises(ProgrammeFileError):
        draft_revision(
            with_plan(on_sale_from="2028-01-01"), effective_on=IN_A_WEEK, on=TODAY, at=noon(TODAY), actor=None
        )
