"""What is a member entitled to: one member's answer among two million members, twenty benefits, a year of uses.

Measured warm, one member after the other, each of whom used something every week; the best of three rounds counts.
`ours_s` is the 95th percentile of an answer, `limit_s` the 30 ms that it may take: a ratio of 1 or more keeps to it.
"""

import random
import time
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks.figures import BenchmarkError, Figures
from benchmarks.house import House, postgres_pid, say
from benchmarks.indexes import indexed_afterwards
from benchmarks.memory import MemoryWatch
from benefits.models import Benefit, BenefitRule, ChoiceGroup, ChoiceOption, Usage
from benefits.services.entitlements import entitlements_of
from benefits.services.rights import rights_of
from memberships.models import Member, Plan, Programme, Tier, TierGroup
from memberships.models.programmes import Audience

ROWS = 2_000_000
DISK_PER_ROW = 3_000
#: Every so many members used something every week.
EVERY = 50
BENEFITS = 20
#: Of the benefits: those that a tier entitles to as well, and those of which one is chosen.
BY_TIER, OPTIONS = 4, 3
ROUNDS, ASKED = 3, 1_000
LIMIT_S, MOST_STATEMENTS = 0.030, 9
ON = date(2027, 3, 1)
BEGINNING = date(2020, 1, 1)
SQL = Path(__file__).resolve().parent / "sql"
TABLES = (
    "memberships_subscription", "memberships_term", "memberships_tierchange", "benefits_redemption", "benefits_usage",
)


def measure(house: House) -> Figures:
    """The same members in each round; the first round of all warms up and does not count."""
    members = _make_members(house.rows)
    with MemoryWatch([postgres_pid()]) as memory:
        rounds = [_answer_times(members) for _round in range(ROUNDS + 1)][1:]
        rights = [_answer_times(members, rights_alone=True) for _round in range(ROUNDS)]
    statements = _statements(members[0])
    p95 = min(_percentile(times, 95) for times in rounds)
    say(f"p95 of the rounds: {', '.join(f'{_percentile(times, 95) * 1000:.1f} ms' for times in rounds)}")
    return Figures(
        name="entitlements", rows=house.rows, ours_s=p95, limit_s=LIMIT_S, peer_ratio=None, peak_mb=memory.peak_mb,
        more={
            "p95_ms": p95 * 1000, "p50_ms": min(_percentile(times, 50) for times in rounds) * 1000,
            "rights_p95_ms": min(_percentile(times, 95) for times in rights) * 1000, "statements": statements,
        },
    )  # fmt: skip


def _make_members(rows: int) -> list[Member]:
    """Members with card, wallet, tier and, some of them, uses; those who are asked about."""
    say(f"{rows:,} members and {rows // EVERY * 52:,} uses are made, in about {1 + rows / 400_000:.0f} minutes.")
    programme = Programme.objects.create(
        code="rights", name="权益演练", name_en="Rights drill", audience=Audience.PERSON
    )
    plan = Plan.objects.create(
        programme=programme, code="annual", name="年卡", name_en="Annual card", price=Decimal("99.00"), term_months=12,
        grace_days=10, on_sale_from=BEGINNING,
    )
    group = TierGroup.objects.create(programme=programme, code="levels", name="等级", name_en="Levels")
    tiers = [
        Tier.objects.create(group=group, code=f"t{rank}", name=str(rank), name_en=str(rank), rank=rank, threshold=rank)
        for rank in (1, 2, 3)
    ]
    rules = _make_benefits(programme, tiers)
    with ExitStack() as filling:
        for table in TABLES:
            filling.enter_context(indexed_afterwards(table))
        with transaction.atomic():
            _run("SET LOCAL session_replication_role = replica")
            _run(
                _text("make_entitled"), members=rows, on=ON, programme=programme.pk, plan=plan.pk, group=group.pk,
                tiers=[tier.pk for tier in tiers],
            )
            _run(
                _text("make_entitled_uses"), on=ON, every=EVERY, benefits=[rule.benefit_id for rule in rules],
                rules=[rule.pk for rule in rules],
            )
    _run("VACUUM (ANALYZE)")
    users = list(Usage.objects.order_by("member").values_list("member", flat=True).distinct())
    asked = random.Random(1).sample(users, min(ASKED, len(users)))
    return list(Member.objects.filter(pk__in=asked))


def _make_benefits(programme: Programme, tiers: list[Tier]) -> list[BenefitRule]:
    """A rule by the card for each benefit, with windows of all kinds; some by tier besides, some to be chosen."""
    group = ChoiceGroup.objects.create(
        programme=programme, code="pick", name="任选", name_en="Pick", window="term", deadline_days=30
    )
    rules = []
    for number in range(BENEFITS):
        benefit = Benefit.objects.create(
            programme=programme, code=f"benefit-{number:02}", name=f"权益 {number}", name_en=f"Benefit {number}",
            kind="service", combine="sum" if number % 5 == 0 else "best",
        )
        if is_option := number >= BENEFITS - OPTIONS:
            ChoiceOption.objects.create(
                group=group, benefit=benefit, rank=number, is_default=number == BENEFITS - OPTIONS
            )
        rules.append(BenefitRule.objects.create(
            benefit=benefit, code="card", plan_code="annual", quota=12,
            window=("month", "year", "term", "ever")[number % 4],
            basis=("calendar", "anniversary")[number // 4 % 2], choice_group=group if is_option else None,
            starts_on=BEGINNING,
        ))
        if number < BY_TIER:
            BenefitRule.objects.create(
                benefit=benefit, code="tier", tier=tiers[number % 2], and_above=True, quota=2, window="month",
                starts_on=BEGINNING,
            )
    return rules


def _answer_times(members: list[Member], *, rights_alone: bool = False) -> list[float]:
    """Seconds of each answer."""
    times = []
    for member in members:
        began = time.perf_counter()
        lines = rights_of(member.pk, on=ON) if rights_alone else entitlements_of(member, on=ON)
        times.append(time.perf_counter() - began)
        if len(lines) < BENEFITS:
            raise BenchmarkError(f"{member} is entitled to {len(lines)} of {BENEFITS} benefits.")
    return times


def _statements(member: Member) -> int:
    with CaptureQueriesContext(connection) as queries:
        entitlements_of(member, on=ON)
    if len(queries) > MOST_STATEMENTS:
        raise BenchmarkError(f"An answer took {len(queries)} statements.")
    return len(queries)


def _percentile(times: list[float], percent: int) -> float:
    return sorted(times)[len(times) * percent // 100]


def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def _run(statement: str, **parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
