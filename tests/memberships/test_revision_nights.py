"""A dry run names the programme files that the night would bring into effect; approved, just that is done."""

from datetime import date, timedelta

import pytest

from memberships.models import Plan, ProgrammeRevision, Tier
from memberships.services.revisions import discard_revision
from memberships.services.subscriptions import join
from operations.models import JobRun, RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run, summary
from tests.memberships.factories import TODAY, a_person, an_operator
from tests.memberships.night_stories import at_night, run_job, worked
from tests.memberships.programme_stories import CLUB, club, with_plan, with_tiers
from tests.programmes.stories import approved, in_effect, submitted

pytestmark = pytest.mark.django_db
State = ProgrammeRevision.State
JOB = "apply_programme_revisions"
EVE, DAY = TODAY + timedelta(days=6), TODAY + timedelta(days=7)
Item = tuple[str, str, int, str]


def foreseen(on: date = DAY, job: str = JOB) -> JobRun:
    return worked(start_dry_run(job, business_date=on, actor=None, at=at_night(on)))


def executed(dry_run: JobRun) -> JobRun:
    return worked(execute_dry_run(dry_run, actor=an_operator("approver"), at=at_night(dry_run.business_date)))


def items(dry_run: JobRun) -> list[Item]:
    """Revision, kind, changes and outcome of each item, in the order of their keys."""
    found = RunItem.objects.filter(run=dry_run).order_by("key")
    return [
        (str(ProgrammeRevision.objects.get(pk=item.key)), item.kind, int(item.amount or 0), item.outcome)
        for item in found
    ]


def waiting(document: object, *, on: date = DAY) -> ProgrammeRevision:
    """A file that is approved for a day."""
    return approved(submitted(document, effective_on=on))  # type: ignore[arg-type]


def states() -> list[str]:
    return list(ProgrammeRevision.objects.order_by("pk").values_list("state", flat=True))


def test_a_dry_run_says_what_the_night_would_do_with_each_file_and_changes_nothing() -> None:
    in_effect(club())
    waiting(with_tiers(basic=0, silver=2_500, gold=6_000))
    waiting(with_tiers(basic=0, silver=2_500, gold=7_000, top=9_000))
    before = states()
    dry_run = foreseen()
    assert items(dry_run) == [("club r2", "apply", 1, "foreseen"), ("club r3", "apply", 2, "foreseen")]
    assert (summary(dry_run).items, summary(dry_run).amount) == (2, 3)
    assert states() == before and Tier.objects.count() == 3


def test_what_was_foreseen_is_done_and_a_file_that_was_approved_since_waits() -> None:
    in_effect(club())
    waiting(with_tiers(basic=0, silver=2_500, gold=6_000))
    dry_run = foreseen()
    late = waiting(with_plan(price="129"))
    run = executed(dry_run)
    assert (run.done, run.failed) == (1, 0)
    assert items(dry_run) == [("club r2", "apply", 1, "done")]
    late.refresh_from_db()
    assert late.state == State.APPROVED
    assert run_job(JOB, on=DAY, scope="again@1").done == 1


def test_a_file_that_was_discarded_since_is_named_and_so_is_what_rested_on_it() -> None:
    in_effect(club())
    first = waiting(with_tiers(basic=0, silver=2_500, gold=6_000))
    second = waiting(with_tiers(basic=0, silver=2_500, gold=7_000))
    dry_run = foreseen()
    discard_revision(first, reason="the campaign is off", actor=None)
    run = executed(dry_run)
    assert (run.done, run.failed) == (0, 2)
    assert [outcome for *_item, outcome in items(dry_run)] == ["left_out", "left_out"]
    second.refresh_from_db()
    assert (second.state, second.left_out) == (State.APPROVED, ""), "it is for the next night to say no"


def test_another_programme_is_not_touched_by_what_happened_to_the_first() -> None:
    in_effect(club())
    gone = waiting(with_tiers(basic=0, gold=6_000))
    other = waiting(club(programme={**CLUB["programme"], "code": "other"}))
    waiting(with_tiers(basic=0, silver=1, gold=2))
    dry_run = foreseen()
    discard_revision(gone, reason="off", actor=None)
    run = executed(dry_run)
    assert (run.done, run.failed) == (1, 2)
    other.refresh_from_db()
    assert other.state == State.IN_EFFECT


def test_a_file_with_another_base_is_foreseen_as_left_out_and_left_out() -> None:
    in_effect(club())
    later = waiting(with_tiers(basic=0, silver=2_000, gold=8_000))
    approved(submitted(with_plan(price="129")))
    dry_run = foreseen()
    assert items(dry_run) == [("club r2", "leave_out", 1, "foreseen")]
    run = executed(dry_run)
    assert (run.done, run.failed, items(dry_run)[0][3]) == (0, 1, "left_out")
    later.refresh_from_db()
    assert (later.state, bool(later.left_out)) == (State.REJECTED, True)


def one_that_cannot_take_effect_after_one_that_can() -> None:
    """r2 has another ladder; r3, which rests on it, is for enterprises, and meanwhile a person has joined; r4 on r3."""
    programme = in_effect(club(plans=[]))
    enterprises = {**CLUB["programme"], "audience": "enterprise"}
    tiers = with_tiers(basic=0, silver=2_500, gold=6_000).content["tiers"]
    waiting(club(plans=[], tiers=tiers))
    waiting(club(plans=[], tiers=tiers, programme=enterprises))
    waiting(club(plans=[], programme=enterprises))
    plan = Plan.objects.create(
        programme=programme, code="hand", name="手", name_en="Hand", price=1, term_months=1, on_sale_from=TODAY
    )
    join(a_person(), plan, on=TODAY, actor=None)


def test_a_file_that_cannot_take_effect_any_more_is_left_out_and_the_one_before_it_is_kept() -> None:
    one_that_cannot_take_effect_after_one_that_can()
    waiting(club(programme={**CLUB["programme"], "code": "other"}))
    run = run_job(JOB, on=DAY)
    assert (run.done, run.failed) == (2, 2)
    assert states() == [State.SUPERSEDED, State.IN_EFFECT, State.REJECTED, State.REJECTED, State.IN_EFFECT]
    refused = ProgrammeRevision.objects.get(code="club", number=3)
    assert "audience" in refused.left_out
    assert Tier.objects.get(code="silver", group__programme__code="club").threshold == 2_500
    assert run_job(JOB, on=DAY + timedelta(days=1)).total == 0, "it is not tried each night"


def test_a_dry_run_with_a_file_that_cannot_take_effect_is_what_is_executed() -> None:
    one_that_cannot_take_effect_after_one_that_can()
    dry_run = foreseen()
    assert [kind for _name, kind, *_rest in items(dry_run)] == ["apply", "refuse", "leave_out"]
    run = executed(dry_run)
    assert (run.done, run.failed) == (1, 2)
    assert [outcome for *_item, outcome in items(dry_run)] == ["done", "left_out", "left_out"]
    assert states() == [State.SUPERSEDED, State.IN_EFFECT, State.REJECTED, State.REJECTED]
