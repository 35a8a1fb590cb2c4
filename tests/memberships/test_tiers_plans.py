"""What nights and desks ask about tiers reads a range of wallets, or a day's ends, by an index, whatever there is."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from memberships.models import Enrolment, Tier, TierChange, TierGroup, TierStanding
from memberships.services import statements
from memberships.services.tier_evaluation import ladder_of
from tests.memberships.points_stories import morning
from tests.memberships.test_points_plans import nodes, plan_of
from tests.memberships.tier_stories import a_climber, a_ladder, by_hand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("new_tables")]

DAY = timedelta(days=1)
ON = date(2027, 3, 1)
ENDS = date(2027, 3, 31)
LARGE = {
    "memberships_member", "memberships_enrolment", "memberships_tierstanding", "memberships_tierchange",
    "memberships_pointsentry",
}


@pytest.fixture
def ladder() -> TierGroup:
    """Twenty thousand members on it, of whom ten lose their tier on the day after ENDS."""
    group = a_ladder()
    silver = group.tiers.get(code="silver")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        facts = {"programme": group.programme_id, "group": group.pk, "tier": silver.pk, "on": ON, "ends": ENDS}
        for statement in (
            "INSERT INTO memberships_member (id, kind, joined_on)"
            " SELECT n, 'person', %(on)s::date - 800 FROM generate_series(1000001, 1020000) n",
            "INSERT INTO memberships_enrolment (id, member_id, programme_id, enrolled_on, balance)"
            " SELECT n, n, %(programme)s, %(on)s::date - 800, 0 FROM generate_series(1000001, 1020000) n",
            "INSERT INTO memberships_tierstanding"
            " (member_id, enrolment_id, group_id, tier_id, cause, since, held_until)"
            " SELECT n, n, %(group)s, %(tier)s, 'points', %(on)s::date - 300, %(ends)s::date + (n %% 1900)::integer"
            " FROM generate_series(1000001, 1020000) n",
            "INSERT INTO memberships_tierchange (member_id, enrolment_id, group_id, key, kind, cause, to_tier_id,"
            " evidence, \"on\", at, reason) SELECT n, n, %(group)s, 'enrolled', 'first', 'points', %(tier)s, '{}',"
            " %(on)s::date - 300, %(on)s, '' FROM generate_series(1000001, 1020000) n",
            "INSERT INTO memberships_pointsentry (member_id, enrolment_id, key, kind, points, qualifying, debit,"
            " credit, \"on\", at, reason) SELECT n, n, 'order:1', 'earn', 0, 1100, 'issued', 'liability',"
            " %(on)s::date - 200, %(on)s, '' FROM generate_series(1000001, 1020000) n",
        ):
            cursor.execute(statement, facts)
        cursor.execute("SET LOCAL session_replication_role = origin")
        for table in sorted(LARGE):
            cursor.execute(f"ANALYZE {table}")
    return group


def facts_of(group: TierGroup, **more: Any) -> dict[str, Any]:
    """What the statements need; each takes its own."""
    rules = ladder_of(group, on=ON)
    return {
        "ladder": rules.as_json(), "group": group.pk, "group_code": group.code, "base": rules.first_item,
        "approved": None, "grace_days": 0, "at": morning(ON), "actor": None, "reason": "", "on": ON,
        "first": 1_005_001, "last": 1_005_100, **more,
    }


def scans(plan: dict[str, Any]) -> dict[str, set[str]]:
    """By large table, the indexes that it is read by; "all" where it is read whole."""
    found: dict[str, set[str]] = {}
    for node in nodes(plan):
        if node.get("Relation Name") in LARGE and node["Node Type"] != "ModifyTable":
            index = node.get("Index Name") or ("bitmap" if node["Node Type"] == "Bitmap Heap Scan" else "all")
            found.setdefault(node["Relation Name"], set()).add(index)
    return found


@pytest.mark.parametrize("name", ["forecast", "evaluate"])
def test_range_of_wallets_is_read_in_order_by_indexes(ladder: TierGroup, name: str) -> None:
    plan = plan_of(statements.statement(f"tiers/{name}"), facts_of(ladder))
    found = scans(plan)
    assert "all" not in set().union(*found.values())
    assert found["memberships_pointsentry"] == {"pointsentry_qualifying"}
    assert {node["Node Type"] for node in nodes(plan) if node.get("Relation Name") == "memberships_pointsentry"} == {
        "Index Only Scan"
    }


def test_who_is_told_ahead_of_an_end_is_found_by_the_day(ladder: TierGroup) -> None:
    found = scans(plan_of(
        statements.statement("tiers/will_change"),
        facts_of(ladder, ends_on=ENDS, days=30, first=1_000_001, last=1_020_000),
    ))
    assert "tierstanding_ends" in found["memberships_tierstanding"]
    assert "all" not in set().union(*found.values())


def test_notices_of_ends_are_found_by_the_day(ladder: TierGroup) -> None:
    call = "SELECT * FROM memberships_notice_tier_ends(%s, 30, 1, 9223372036854775807)"
    found = scans(plan_of(call, [ENDS - 30 * DAY]))
    assert found["memberships_tierstanding"] in ({"tierstanding_ends"}, {"bitmap"})


def test_ranges_of_ends_read_the_ends_of_the_day_alone(ladder: TierGroup) -> None:
    asked = {"days": [ENDS], "size": 5_000}
    assert scans(plan_of(statements.statement("tiers/ranges_of_ends"), asked))["memberships_tierstanding"] <= {
        "tierstanding_ends", "bitmap"
    }
    ranges = statements.rows("tiers/ranges_of_ends", **asked)
    assert sum(size for _group, _first, _last, size in ranges) == 10
    assert {group for group, *_rest in ranges} == {ladder.pk}


def test_standing_on_another_ladders_tier_is_refused() -> None:
    wallet, other = a_climber(a_ladder()), a_ladder({"bronze": 0}, code="other")
    standing = TierStanding.objects.get(enrolment=wallet)
    for wrong in ({"tier": other.tiers.get()}, {"tier_id": 0}):
        with transaction.atomic(), pytest.raises(IntegrityError, match="another ladder"):
            TierStanding.objects.filter(pk=standing.pk).update(**wrong)
    with transaction.atomic(), pytest.raises(IntegrityError, match="another member"):
        TierStanding.objects.create(
            member_id=wallet.member_id, enrolment_id=0, group=other, tier=other.tiers.get(), cause="points", since=ON
        )


def test_change_from_or_to_another_ladders_tier_is_refused() -> None:
    wallet, other = a_climber(a_ladder()), a_ladder({"bronze": 0}, code="other")
    change = by_hand(wallet, "gold", on=ON)
    for wrong in ({"to_tier": other.tiers.get()}, {"from_tier_id": 0}, {"enrolment_id": 0}, {"member_id": 0}):
        change.pk, change.key = None, "wrong"
        found = {name: getattr(change, name) for name in ("to_tier", "from_tier_id", "enrolment_id", "member_id")}
        with transaction.atomic(), pytest.raises(IntegrityError, match="names a wallet"):
            for name, value in wrong.items():
                setattr(change, name, value)
            change.save(force_insert=True)
        for name, value in found.items():
            setattr(change, name, value)
    assert TierChange.objects.filter(enrolment=wallet).count() == 2


def test_tier_is_never_deleted_nor_moved_to_another_ladder() -> None:
    ladder, other = a_ladder(), a_ladder({"bronze": 0}, code="other")
    with transaction.atomic(), pytest.raises(Exception, match="Cannot delete"):
        Tier.objects.filter(group=ladder, code="gold").delete()
    with transaction.atomic(), pytest.raises(Exception, match="Cannot update"):
        Tier.objects.filter(group=ladder, code="gold").update(group=other, rank=9)
    assert Enrolment.objects.count() == 0
