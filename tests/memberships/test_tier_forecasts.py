"""The what-if: the population before and after, on all members; and exactly that happens when the draft is approved."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest

from memberships.models import Enrolment, PointsEntry, Programme, Tier, TierChange, TierGroup, TierStanding
from memberships.programme_files.documents import Document, apply_document, kept_document, read_document
from memberships.services import tier_forecasts
from memberships.services.tier_evaluation import ladder_of, wallet_of_item
from memberships.services.tier_forecasts import (
    Forecast,
    Move,
    drafted_ladder,
    forecast_document,
    forecast_group,
)
from operations.models import RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import run_job, worked
from tests.memberships.points_stories import morning
from tests.memberships.tier_stories import a_climber, a_ladder, by_hand, qualify, tier_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SPRING = date(2027, 4, 1)
SUMMER = date(2027, 7, 1)
FILE = """
programme:
  code: jd-plus
  name: {zh: 京东PLUS会员, en: JD PLUS}
  audience: person
tier_groups:
  - code: levels
    name: {zh: 等级, en: Levels}
    window: calendar_year
    downgrade: to_balance
tiers:
"""


def a_draft(tiers: dict[str, int], *, head: str = FILE) -> Document:
    """A programme file with these tiers."""
    lines = [
        f"  - {{group: levels, code: {code}, name: {{zh: {code}, en: {code}}}, threshold: {threshold}}}\n"
        for code, threshold in tiers.items()
    ]
    return read_document(head + "".join(lines))


def forecast(document: Document, *, on: date = SUMMER) -> Forecast:
    programme = Programme.objects.get(code="jd-plus")
    return forecast_document(programme, document.sections["tier_groups"], document.sections["tiers"], on=on)


def moves(found: Forecast) -> dict[tuple[str | None, str | None], int]:
    """(from, to) of who moves, and how many."""
    (ladder,) = found.ladders
    return {(move.was, move.to): move.members for move in ladder.moves if move.was != move.to}


def changes_of(on: date) -> Counter[tuple[str, str]]:
    changed = TierChange.objects.filter(on=on).exclude(kind="kept")
    return Counter(changed.values_list("from_tier__code", "to_tier__code"))


def a_population(*points: int) -> list[Enrolment]:
    """Members of a ladder of normal, silver (1,000), gold (3,000), each with so many points, and evaluated."""
    group = a_ladder({"normal": 0, "silver": 1_000, "gold": 3_000})
    members = [a_climber(group) for _points in points]
    for member, earned in zip(members, points, strict=True):
        if earned:
            qualify(member, earned, on=SPRING)
    run_job("evaluate_tiers", on=SPRING)
    return members


def rows(found: Forecast) -> dict[str, tuple[int, int, int, int, int, int]]:
    (ladder,) = found.ladders
    return {
        tier.code: (tier.before, tier.after, tier.stay, tier.up, tier.down, tier.held) for tier in ladder.tiers
    }


def test_lower_threshold_lets_members_rise_and_a_higher_one_holds_who_stands_there() -> None:
    a_population(0, 600, 900, 1_000, 2_900, 3_000, 5_000)
    found = forecast(a_draft({"normal": 0, "silver": 800, "gold": 4_000}))
    assert moves(found) == {("normal", "silver"): 1}
    assert rows(found) == {
        "normal": (3, 2, 2, 1, 0, 0), "silver": (2, 3, 2, 0, 0, 0), "gold": (2, 2, 2, 0, 0, 1),
    }
    silver = found.ladders[0].tiers[1]
    assert (silver.was_threshold, silver.threshold) == (1_000, 800)
    assert found.ladders[0].totals == {"stay": 6, "up": 1, "down": 0, "first": 0, "none": 0}


def test_forecast_adds_up_what_it_finds_range_by_range(monkeypatch: pytest.MonkeyPatch) -> None:
    a_population(0, 600, 900, 1_000, 2_900, 3_000, 5_000)
    draft = a_draft({"normal": 0, "silver": 800, "gold": 4_000})
    whole = forecast(draft)
    monkeypatch.setattr(tier_forecasts, "RANGE", 2)
    assert rows(forecast(draft)) == rows(whole)
    assert moves(forecast(draft)) == moves(whole)


def test_forecast_writes_nothing() -> None:
    a_population(900)
    standings, changes = list(TierStanding.objects.values()), TierChange.objects.count()
    forecast(a_draft({"normal": 0, "silver": 800, "gold": 4_000}))
    assert (list(TierStanding.objects.values()), TierChange.objects.count()) == (standings, changes)
    assert Tier.objects.get(code="silver").threshold == 1_000


def test_end_of_the_period_is_foreseen_on_its_day() -> None:
    a_population(0, 1_000, 3_000)
    draft = a_draft({"normal": 0, "silver": 1_000, "gold": 3_000})
    assert moves(forecast(draft, on=date(2028, 12, 31))) == {}
    assert moves(forecast(draft, on=date(2029, 1, 1))) == {("silver", "normal"): 1, ("gold", "normal"): 1}


def test_new_tier_and_one_that_the_draft_leaves_out() -> None:
    a_population(0, 1_000, 3_000, 9_000)
    found = forecast(a_draft({"normal": 0, "gold": 3_000, "diamond": 9_000}))
    assert moves(found) == {("silver", "normal"): 1, ("gold", "diamond"): 1}
    by_code = {tier.code: tier for tier in found.ladders[0].tiers}
    assert (by_code["silver"].threshold, by_code["silver"].after) == (None, 0)
    assert (by_code["diamond"].was_threshold, by_code["diamond"].after) == (None, 1)


def test_new_ladder_says_who_would_get_which_first_tier() -> None:
    a_population(0, 1_000, 3_000)
    TierGroup.objects.all().update(code="old-levels")
    found = forecast(a_draft({"normal": 0, "top": 3_000}))
    (ladder,) = found.ladders
    assert set(ladder.moves) == {Move(None, "normal", "first", 2), Move(None, "top", "first", 1)}


def test_programme_that_is_not_there_yet_has_nobody() -> None:
    document = a_draft({"normal": 0})
    sections = document.sections
    assert forecast_document(None, sections["tier_groups"], sections["tiers"], on=SUMMER).ladders == ()


def test_forecast_of_a_ladder_as_it_is() -> None:
    members = a_population(0, 1_000)
    qualify(members[0], 3_000, on=SUMMER)
    found = forecast_group(TierGroup.objects.get(), on=SUMMER)
    assert [(tier.code, tier.before, tier.after) for tier in found.tiers] == [
        ("normal", 1, 0), ("silver", 1, 1), ("gold", 0, 1)
    ]


DRAFTS = [
    {"normal": 0, "silver": 800, "gold": 2_900},
    {"normal": 0, "silver": 2_000, "gold": 6_000},
    {"normal": 0, "gold": 3_000, "diamond": 5_000},
    {"normal": 0, "diamond": 500, "silver": 1_000, "gold": 3_000},
    {"silver": 100, "normal": 200},
]


@pytest.mark.parametrize("tiers", DRAFTS, ids=lambda tiers: "-".join(tiers))
@pytest.mark.parametrize("on", [SUMMER, date(2029, 1, 1)])
def test_approve_the_draft_and_exactly_that_happens(tiers: dict[str, int], on: date) -> None:
    members = a_population(0, 100, 600, 900, 1_000, 2_900, 3_000, 5_000)
    by_hand(members[0], "gold", on=SPRING + DAY, until=SUMMER)
    document = a_draft(tiers)
    found = forecast(document, on=on)
    apply_document(document, on=on, actor=None)
    run_job("evaluate_tiers", on=on)
    assert changes_of(on) == moves(found)
    after = Counter(TierStanding.objects.values_list("tier__code", flat=True))
    assert after == {tier.code: tier.after for tier in found.ladders[0].tiers if tier.after}


@pytest.mark.parametrize("tiers", DRAFTS, ids=lambda tiers: "-".join(tiers))
def test_drafted_ladder_is_the_one_that_the_tables_get(tiers: dict[str, int]) -> None:
    a_population(0)
    document, group = a_draft(tiers), TierGroup.objects.get()
    (entry,) = document.sections["tier_groups"]
    drafted, _labels, _tiers = drafted_ladder(group.programme, entry, document.sections["tiers"], on=SUMMER)
    apply_document(document, on=SUMMER, actor=None)
    group.refresh_from_db()
    made = ladder_of(group, on=SUMMER)
    assert [_without_key(rung) for rung in drafted.tiers] == [_without_key(rung) for rung in made.tiers]
    assert (drafted.window, drafted.downgrade, drafted.grace_days) == (made.window, made.downgrade, made.grace_days)


def _without_key(rung: Any) -> tuple[Any, ...]:
    return rung.code, rung.rank, rung.threshold, rung.is_floor, rung.plan_code, rung.is_retired


def test_members_whose_data_changed_in_between_are_named_and_the_others_do_what_was_foreseen() -> None:
    members = a_population(600, 900, 950, 1_000)
    document = kept_document(a_draft({"normal": 0, "silver": 800, "gold": 3_000}).content)
    found = forecast(document)
    apply_document(document, on=SUMMER, actor=None)
    at = morning(SUMMER)
    dry_run = worked(start_dry_run("evaluate_tiers", business_date=SUMMER, actor=an_operator(), at=at))
    assert RunItem.objects.filter(run=dry_run).count() == sum(moves(found).values()) == 2
    qualify(members[1], -200, on=SUMMER)
    worked(execute_dry_run(dry_run, actor=dry_run.requested_by, at=at, reason="as foreseen"))
    left = RunItem.objects.filter(run=dry_run, outcome=RunItem.Outcome.LEFT_OUT)
    assert [wallet_of_item(item.key) for item in left] == [members[1].pk]
    assert [tier_of(member) for member in members] == ["normal", "normal", "silver", "silver"]
    assert changes_of(SUMMER) == {("normal", "silver"): 1}


def test_points_of_another_programme_do_not_count(django_assert_max_num_queries: Any) -> None:
    a_population(0)
    other = a_climber(a_ladder(programme=Programme.objects.create(
        code="other", name="别的", name_en="Other", audience="person"
    )))
    qualify(other, 9_000, on=SPRING)
    with django_assert_max_num_queries(6):
        found = forecast(a_draft({"normal": 0, "silver": 1_000}))
    assert _before(found.ladders[0].tiers) == 1
    assert PointsEntry.objects.count() == 1


def _before(tiers: Iterable[Any]) -> int:
    return sum(tier.before for tier in tiers)
