"""What-ifs: asked for each draft, counted in the background over all wallets, kept with it, shown to approvers."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from memberships.models import Enrolment, Programme, ProgrammeRevision, TierChange, TierGroup, WhatIf
from memberships.programme_files.documents import Document, export_programme
from memberships.services import tier_forecasts, what_ifs
from memberships.services.revisions import draft_revision, edit_draft, submit_revision, take_effect
from memberships.services.tier_forecasts import Forecast, forecast_document
from memberships.services.what_ifs import ask_about_revision, ask_about_rules, current, forecast_of, latest
from operations.models import JobChunk, JobRun
from operations.services.jobs import begin_run, cancel_run, end_run_if_done, resume_run, take_chunk, work_chunk
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import run_job, worked
from tests.memberships.points_stories import morning
from tests.memberships.programme_stories import CLUB, club, with_tiers
from tests.memberships.tier_stories import a_climber, qualify
from tests.programmes.stories import a_manager, approved, in_effect, submitted

pytestmark = pytest.mark.django_db
SPRING, SUMMER = date(2027, 4, 1), date(2027, 7, 1)
AT = morning(SPRING)
HIGHER = with_tiers(basic=0, silver=1_000, gold=8_000)


@pytest.fixture(autouse=True)
def _small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_forecasts, "RANGE", 2)


@pytest.fixture
def members() -> list[Enrolment]:
    """Five members of the club: three below silver, a silver and a gold one."""
    in_effect(club(), on=SPRING)
    group = TierGroup.objects.get()
    wallets = [a_climber(group, on=SPRING) for _number in range(5)]
    for wallet, points in zip(wallets, (0, 900, 1_200, 2_500, 7_000), strict=True):
        if points:
            qualify(wallet, points, on=SPRING)
    run_job("evaluate_tiers", on=SPRING)
    return wallets


def drafted(document: Document = HIGHER, *, on: date = SUMMER) -> ProgrammeRevision:
    return draft_revision(document, effective_on=on, on=SPRING, at=AT, actor=a_manager())


def asked(revision: ProgrammeRevision) -> WhatIf:
    """The newest what-if of a revision."""
    found = latest(revision)
    assert found is not None
    return found


def counted(revision: ProgrammeRevision) -> Forecast:
    """What was found out, when all was counted."""
    worked(asked(revision).run)
    what_if = asked(revision)
    assert what_if.counted_at is not None
    return forecast_of(what_if)


def moves(found: Forecast) -> dict[tuple[str | None, str | None], int]:
    (ladder,) = found.ladders
    return {(move.was, move.to): move.members for move in ladder.moves if move.was != move.to}


def plain(document: Document, *, on: date = SUMMER) -> Forecast:
    """The same, counted at once."""
    sections = document.sections
    return forecast_document(
        Programme.objects.get(code="club"), sections["tier_groups"], sections["tiers"], on=on
    )


def rows(found: Forecast) -> list[tuple[Any, ...]]:
    (ladder,) = found.ladders
    return [(tier.code, tier.before, tier.after, tier.stay, tier.up, tier.down, tier.held) for tier in ladder.tiers]


def test_a_draft_has_its_what_if_counted_over_all_wallets_and_kept_with_it(members: list[Enrolment]) -> None:
    draft = drafted()
    what_if = asked(draft)
    assert (what_if.content_hash, what_if.on, what_if.counted_at) == (draft.document_hash, SUMMER, None)
    assert (what_if.run.total, what_if.run.chunks.count()) == (5, 3)
    found = counted(draft)
    assert moves(found) == {("basic", "silver"): 1}
    assert rows(found) == rows(plain(HIGHER))
    run = asked(draft).run
    assert (run.done, run.failed, str(run).endswith("2027-04-01")) == (5, 0, True)


def test_what_was_counted_comes_true_on_its_day(members: list[Enrolment]) -> None:
    revision = submitted(HIGHER, on=SPRING, effective_on=SUMMER)
    found = counted(revision)
    take_effect(approved(revision, on=SPRING), on=SUMMER, at=morning(SUMMER), actor=None)
    run_job("evaluate_tiers", on=SUMMER)
    changed = TierChange.objects.filter(on=SUMMER).exclude(kind="kept")
    assert Counter(changed.values_list("from_tier__code", "to_tier__code")) == moves(found)


def test_an_edited_draft_is_counted_anew_and_nobody_waits_for_the_old_answer(members: list[Enrolment]) -> None:
    draft = drafted()
    old = asked(draft)
    draft = edit_draft(
        draft, with_tiers(basic=0, silver=800, gold=6_000), effective_on=SUMMER, on=SPRING, at=AT, actor=a_manager()
    )
    old.run.refresh_from_db()
    assert old.run.state == JobRun.State.CANCELLED
    assert asked(draft).content_hash == draft.document_hash != old.content_hash
    assert moves(counted(draft)) == {("basic", "silver"): 2}


def test_a_draft_that_was_only_given_a_note_is_not_counted_again(members: list[Enrolment]) -> None:
    draft = drafted()
    what_if = asked(draft)
    edit_draft(draft, HIGHER, effective_on=SUMMER, on=SPRING, at=AT, actor=None, note="after the campaign")
    assert asked(draft) == what_if


def test_the_answer_for_another_day_or_another_state_is_no_answer_any_more(members: list[Enrolment]) -> None:
    draft = drafted()
    counted(draft)
    assert current(draft, on=SUMMER) == asked(draft)
    assert current(draft, on=SUMMER + timedelta(days=1)) is None
    approved(submitted(with_tiers(basic=0, gold=6_000), on=SPRING), on=SPRING)
    assert current(draft, on=SUMMER) is None
    submit_revision(draft, reason="still wanted", on=SPRING, at=AT, actor=a_manager())
    assert current(draft, on=SUMMER) == asked(draft) != WhatIf.objects.filter(revision=draft).earliest("pk")


def test_a_range_is_counted_once_whatever_dies_in_between(
    members: list[Enrolment], monkeypatch: pytest.MonkeyPatch
) -> None:
    draft, deaths, real = drafted(), [1, 1], what_ifs.count_range

    def dying(*arguments: Any, **options: Any) -> Any:
        """The work is done, and then its worker dies before the commit."""
        found = real(*arguments, **options)
        if deaths:
            deaths.pop()
            raise ConnectionError("the server went away")
        return found

    monkeypatch.setattr(what_ifs, "count_range", dying)
    run = asked(draft).run
    begin_run(run.pk, at=AT)
    for seconds in range(0, 60, 5):
        if (chunk := take_chunk(run, at=AT + timedelta(seconds=seconds))) is not None:
            work_chunk(run, chunk, clock=lambda: AT)
    end_run_if_done(run.pk, at=AT)
    assert not deaths and asked(draft).counted_at is not None
    assert rows(forecast_of(asked(draft))) == rows(plain(HIGHER))


def test_one_that_was_parked_is_no_answer_and_goes_on_when_it_is_resumed(members: list[Enrolment]) -> None:
    draft = drafted()
    run = asked(draft).run
    JobChunk.objects.filter(run=run, number=2).update(state="parked", error="no disk")
    JobRun.objects.filter(pk=run.pk).update(failed=2)
    begin_run(run.pk, at=AT)
    while (chunk := take_chunk(run, at=AT)) is not None:
        work_chunk(run, chunk, clock=lambda: AT)
    end_run_if_done(run.pk, at=AT)
    run.refresh_from_db()
    assert (run.state, asked(draft).counted_at) == (JobRun.State.FAILED, None)
    worked(resume_run(run, actor=None, at=AT))
    assert rows(forecast_of(asked(draft))) == rows(plain(HIGHER))


def test_it_is_asked_again_by_hand_once_at_a_time(members: list[Enrolment]) -> None:
    draft = drafted()
    first = asked(draft)
    again = ask_about_revision(draft, on=SPRING, at=AT, actor=None, anew=True)
    assert again == first, "it is being counted"
    counted(draft)
    qualify(members[0], 1_500, on=SPRING)
    assert ask_about_revision(draft, on=SPRING, at=AT, actor=None) == first
    ask_about_revision(draft, on=SPRING, at=AT, actor=None, anew=True)
    assert moves(counted(draft)) == {("basic", "silver"): 2}


def test_one_that_was_cancelled_is_asked_anew(members: list[Enrolment]) -> None:
    draft = drafted()
    cancel_run(asked(draft).run, actor=None, at=AT)
    ask_about_revision(draft, on=SPRING, at=AT, actor=None)
    assert moves(counted(draft)) == {("basic", "silver"): 1}


def test_where_nobody_is_concerned_nothing_is_counted() -> None:
    assert latest(drafted()) is None, "there is no such programme yet"
    in_effect(club(), on=SPRING)
    assert latest(drafted()) is None, "it has no wallets"
    a_climber(TierGroup.objects.get(), on=SPRING)
    assert latest(drafted(club(tier_groups=None, tiers=None))) is None, "it has no ladder"


def test_before_is_what_the_files_that_are_approved_for_earlier_days_leave(members: list[Enrolment]) -> None:
    between = with_tiers(basic=0, silver=3_000, gold=6_000, diamond=20_000)
    approved(submitted(between, on=SPRING, effective_on=SUMMER - timedelta(days=30)), on=SPRING)
    draft = drafted(with_tiers(basic=0, silver=1_000, gold=6_000))
    silver, diamond = (
        next(tier for tier in counted(draft).ladders[0].tiers if tier.code == code) for code in ("silver", "diamond")
    )
    assert (silver.was_threshold, silver.threshold, silver.up) == (3_000, 1_000, 0)
    assert (diamond.was_threshold, diamond.threshold, diamond.before) == (20_000, None, 0)
    assert not TierGroup.objects.get().tiers.filter(code="diamond").exists(), "nothing is left of the comparison"


def test_the_request_carries_the_figures_when_they_are_there(members: list[Enrolment]) -> None:
    draft = drafted()
    with translation.override("en"):
        counted(draft)
        submit_revision(draft, reason="as decided", on=SPRING, at=AT, actor=a_manager())
    draft.refresh_from_db()
    assert draft.approval.figures[0] == [
        "Tiers of “Levels”, computed on 2027-04-01", "4 stay, 1 up, 0 down, 0 get their first tier"
    ]


def test_a_file_that_is_submitted_days_later_does_not_carry_the_figures_of_its_draft(members: list[Enrolment]) -> None:
    draft, later = drafted(), SPRING + timedelta(days=10)
    counted(draft)
    old = asked(draft)
    qualify(members[0], 1_500, on=SPRING)
    draft = submit_revision(draft, reason="as decided", on=later, at=morning(later), actor=a_manager())
    assert asked(draft) != old and moves(counted(draft)) == {("basic", "silver"): 2}
    assert not any("computed on" in label for label, _value in draft.approval.texts["en"][1])


def test_rules_that_somebody_typed_are_counted_once_in_some_minutes(members: list[Enrolment]) -> None:
    sections = export_programme(Programme.objects.get(), on=SPRING).sections
    programme, (group,) = Programme.objects.get(), sections["tier_groups"]
    facts = {"evaluated_on": SUMMER, "on": SPRING, "actor": an_operator()}
    tiers = [{**tier, "threshold": tier["threshold"] // 2} for tier in sections["tiers"]]
    first = ask_about_rules(programme, group, tiers, at=AT, **facts)
    assert ask_about_rules(programme, group, tiers, at=AT + timedelta(minutes=9), **facts) == first
    worked(first.run)
    assert moves(forecast_of(WhatIf.objects.get(pk=first.pk))) == {("basic", "silver"): 1}
    assert ask_about_rules(programme, group, tiers, at=AT + timedelta(minutes=11), **facts) != first
    assert ask_about_rules(programme, group, sections["tiers"], at=AT, **facts) != first
    in_effect(with_tiers(basic=0, silver=3_000, gold=6_000), on=SPRING)
    assert ask_about_rules(programme, group, tiers, at=AT, **facts) != first, "they are compared with another file"
    assert [tier["threshold"] for tier in CLUB["tiers"]] == [0, 2_000, 6_000]
