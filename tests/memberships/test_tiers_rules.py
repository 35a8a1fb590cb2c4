"""Whatever the ladder and the points, the evaluation does night after night what the plain rules say."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memberships.models import Enrolment, Subscription, Term, Tier, TierGroup, TierStanding
from memberships.services.ranges import KeyRange
from memberships.services.tier_evaluation import evaluate_range, ladder_of
from tests.memberships.factories import a_person, an_annual_card, jd_plus
from tests.memberships.points_stories import a_key, morning
from tests.memberships.tier_stories import by_hand, qualify
from tests.memberships.tiers_model import Facts, Rules, Standing, Step, evaluate

pytestmark = pytest.mark.django_db

FIRST, LAST = date(2027, 1, 1), date(2031, 12, 31)
days = st.dates(FIRST, LAST)
#: Round figures, so that thresholds are met exactly, and missed by one.
points = st.sampled_from([-1_000, -1, 1, 500, 999, 1_000, 1_001, 2_999, 3_000, 6_000])
step = st.builds(
    Step, threshold=st.just(0), is_floor=st.booleans(), is_plan=st.booleans(),
    is_retired=st.sampled_from([False, False, False, True]),
)


@st.composite
def rules(draw: Any) -> Rules:
    window = draw(st.sampled_from(["cumulative", "calendar_year", "rolling_months", "anniversary"]))
    thresholds = draw(st.sampled_from([(0, 1_000, 3_000, 6_000), (0, 500, 1_000), (1_000, 3_000), (0, 1, 2, 3, 4)]))
    downgrades = ["none"] if window == "cumulative" else ["none", "one_step", "to_balance"]
    return Rules(
        window=window, downgrade=draw(st.sampled_from(downgrades)),
        steps=tuple(
            Step(threshold, made.is_floor, made.is_plan and number > 0, made.is_retired)
            for number, threshold in enumerate(thresholds) for made in [draw(step)]
        ),
        months=draw(st.integers(1, 14)) if window == "rolling_months" else None,
        grace_days=draw(st.sampled_from([0, 0, 1, 30, 400])),
    )


@st.composite
def stories(draw: Any) -> list[tuple[Any, ...]]:
    """What happens, in the order of the days."""
    happened = draw(st.lists(st.one_of(
        st.tuples(days, st.just("earn"), points),
        st.tuples(days, st.just("hand"), st.integers(0, 4), st.none() | st.integers(0, 500)),
        st.tuples(days, st.just("look")), st.tuples(days, st.just("look")),
    ), min_size=1, max_size=14, unique_by=lambda event: event[0]))
    return sorted(happened, key=lambda event: event[0])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ruled=rules(), story=stories(), enrolled_on=st.sampled_from([FIRST, date(2028, 2, 29), date(2027, 8, 31)]),
    card=st.none() | st.tuples(days, st.integers(0, 4)),
)
def test_evaluation_does_what_the_plain_rules_say(
    ruled: Rules, story: list[tuple[Any, ...]], enrolled_on: date, card: tuple[date, int] | None
) -> None:
    group, tiers = a_ladder_of(ruled)
    wallet = Enrolment.objects.create(member=a_person(), programme=group.programme, enrolled_on=enrolled_on)
    paid = a_card_for(wallet, tiers, ruled, card)
    facts, plain = Facts(enrolled_on), None
    for on, what, *details in story:
        if what == "earn":
            qualify(wallet, details[0], on=on)
            facts = Facts(enrolled_on, (*facts.entries, (on, details[0])))
        elif what == "hand" and details[0] < len(tiers) and not ruled.steps[details[0]].is_retired:
            until = None if details[1] is None else on + timedelta(days=details[1])
            by_hand(wallet, tiers[details[0]].code, on=on, until=until)
            same = plain is not None and plain.place == details[0]
            plain = Standing(details[0], "hand", plain.since if same and plain else on, until)
        elif what == "look":
            given_by_card = card[1] if card and paid and card[0] <= on <= paid else None
            kind, plain = evaluate(ruled, Facts(enrolled_on, facts.entries, given_by_card), plain, on)
            ladder, keys = ladder_of(group, on=on), KeyRange(wallet.pk, wallet.pk)
            assert evaluate_range(ladder, keys, on=on, at=morning(on), actor=None).get(wallet.pk) == kind
            assert standing_of(wallet, tiers) == plain
            assert evaluate_range(ladder, keys, on=on, at=morning(on), actor=None) == {}


def a_ladder_of(ruled: Rules) -> tuple[TierGroup, list[Tier]]:
    group = TierGroup.objects.create(
        programme=jd_plus(code=a_key().replace(":", "-")), code="levels", name="等级", name_en="Levels",
        window=ruled.window, window_months=ruled.months, downgrade=ruled.downgrade, grace_days=ruled.grace_days,
    )
    return group, [
        Tier.objects.create(
            group=group, code=f"t{number}", name=str(number), name_en=str(number), rank=number + 1,
            threshold=made.threshold, is_floor=made.is_floor, plan_code=f"plan-{number}" if made.is_plan else "",
            retired_on=date(2020, 1, 1) if made.is_retired else None,
        )
        for number, made in enumerate(ruled.steps)
    ]


def a_card_for(
    wallet: Enrolment, tiers: list[Tier], ruled: Rules, card: tuple[date, int] | None
) -> date | None:
    """A card of a year that gives a tier; its last day of grace. None where the tier is none of a plan."""
    if card is None or card[1] >= len(tiers) or not ruled.steps[card[1]].is_plan:
        return None
    plan = an_annual_card(wallet.programme, code=tiers[card[1]].plan_code, grace_days=14)
    starts_on, ends_on = card[0], card[0] + timedelta(days=364)
    subscription = Subscription.objects.create(
        member_id=wallet.member_id, programme=wallet.programme, plan=plan, requested_on=starts_on, started_on=starts_on
    )
    Term.objects.create(
        member_id=wallet.member_id, subscription=subscription, programme=wallet.programme, plan=plan, number=1,
        starts_on=starts_on, ends_on=ends_on,
    )
    return ends_on + timedelta(days=14)


def standing_of(wallet: Enrolment, tiers: list[Tier]) -> Standing | None:
    found = TierStanding.objects.filter(enrolment=wallet).first()
    if found is None:
        return None
    place = [tier.pk for tier in tiers].index(found.tier_id)
    return Standing(place, found.cause, found.since, found.held_until, found.below_since)
