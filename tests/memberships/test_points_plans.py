"""What a desk asks of the points ledger reads a wallet's own rows by an index, however many wallets there are."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from memberships.models import Enrolment, LotDraw, PointsEntry, PointsLot
from memberships.services import statements
from memberships.services.points import wallet_figures
from tests.memberships.factories import TODAY
from tests.memberships.points_stories import MARCH, a_wallet, earn, morning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("new_tables")]

#: The tables that grow with members.
LARGE = {model._meta.db_table for model in (Enrolment, PointsEntry, PointsLot, LotDraw)} | {"memberships_member"}
#: The columns an index scan of such a table is led by.
LED_BY = ("member_id", "enrolment_id", "id", "lot_id", "entry_id", "reverses_id")


@pytest.fixture
def wallet() -> Enrolment:
    """Among five thousand of other members, each with a few lots, entries and draws."""
    wallet = a_wallet()
    for points in (10, 20, 30):
        earn(wallet, points, expires_on=MARCH)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "INSERT INTO memberships_member (id, kind, joined_on) SELECT 1000000 + n, 'person', %s"
            " FROM generate_series(1, 5000) n", [TODAY],
        )
        cursor.execute(
            "INSERT INTO memberships_enrolment (id, member_id, programme_id, enrolled_on, balance)"
            " SELECT 1000000 + n, 1000000 + n, %s, %s, 40 FROM generate_series(1, 5000) n",
            [wallet.programme_id, TODAY],
        )
        cursor.execute(
            "INSERT INTO memberships_pointslot (id, member_id, enrolment_id, points, remaining, earned_on, expires_on)"
            " SELECT 1000000 + 4 * n + m, 1000000 + n, 1000000 + n, 10, 9, %s::date, %s::date + 1 + (n + 97 * m) %% 700"
            " FROM generate_series(1, 5000) n, generate_series(0, 3) m", [TODAY, TODAY],
        )
        cursor.execute(
            "INSERT INTO memberships_pointsentry (member_id, enrolment_id, key, kind, points, debit, credit, lot_id,"
            ' "on", at, reason) SELECT member_id, enrolment_id, \'order:\' || id, \'earn\', 10, \'issued\','
            " 'liability', id, %s, %s, '' FROM memberships_pointslot WHERE id > 1000000", [TODAY, morning(TODAY)],
        )
        cursor.execute(
            "INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points)"
            " SELECT member_id, id, lot_id, 1 FROM memberships_pointsentry WHERE lot_id > 1000000"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
        for table in sorted(LARGE):
            cursor.execute(f"ANALYZE {table}")
    return wallet


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def assert_bounded(plan: dict[str, Any]) -> int:
    """Every large table is read by an index whose condition names the wallet, its member or a row; how many scans."""
    scans = 0
    for node in nodes(plan):
        if node.get("Relation Name") in LARGE and node["Node Type"] != "ModifyTable":
            assert node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Heap Scan"), node
            scans += 1
        if node["Node Type"] in ("Index Scan", "Index Only Scan", "Bitmap Index Scan"):
            condition = node.get("Index Cond", "")
            if node["Index Name"].startswith(("memberships_", "points", "lotdraw", "enrolment")):
                assert re.match(rf"\(*({'|'.join(LED_BY)})\b", condition), node
    return scans


def plan_of(statement: str, parameters: Any) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        (found,) = cursor.fetchone()
    plans = json.loads(found) if isinstance(found, str) else found
    plan: dict[str, Any] = plans[0]["Plan"]
    return plan


def body_of_spend(wallet: Enrolment) -> str:
    """The statement in memberships_spend_points that looks at lots and books, with values for its variables."""
    text = re.sub(r"--[^\n]*", "", statements.statement("points/spend_points"))
    start, end = text.index("WITH ends_later"), text.index("outcome := CASE\n        WHEN entry_id")
    values = {
        "wallet.member_id": str(wallet.member_id), "wallet_id": str(wallet.pk), "wallet.idle_on": "NULL::date",
        "spend_on": "date '2027-01-15'", "spend_key": "'order:plan'", "spend_at": "now()", "spender": "NULL::bigint",
        "why": "''", "asked": "25",
    }
    statement = text[start:end].rstrip().rstrip(";").replace("INTO entry_id, spendable", "")
    for name, value in values.items():
        statement = re.sub(rf"(?<![.\w]){re.escape(name)}(?![.\w])", value, statement)
    return statement


def test_spend_reads_the_wallets_own_lots_by_index(wallet: Enrolment) -> None:
    assert assert_bounded(plan_of(body_of_spend(wallet), None)) >= 4


def test_earn_reads_the_wallets_of_its_list_by_index(wallet: Enrolment) -> None:
    listed = {
        "enrolments": [wallet.pk], "points": [5], "keys": ["order:plan"], "expires_on": [MARCH], "qualifying": [0],
        "pending_until": [None],
    }
    told: dict[str, Any] = {"on": TODAY, "at": morning(TODAY), "actor": None, "reason": ""}
    for name, more in (("find_conflicting_grants", {}), ("earn", told)):
        assert assert_bounded(plan_of(statements.statement(f"points/{name}"), {**listed, **more})) >= 1


def test_figures_of_a_wallet_read_its_own_lots_by_index(wallet: Enrolment) -> None:
    with CaptureQueriesContext(connection) as asked:
        figures = wallet_figures(wallet, on=TODAY)
    assert figures.spendable == 60
    for query in asked.captured_queries:
        assert assert_bounded(plan_of(query["sql"], None)) >= 1


def test_page_of_a_wallet_reads_its_own_rows_by_index(wallet: Enrolment) -> None:
    queries = [
        PointsEntry.objects.filter(enrolment=wallet).order_by("-pk")[:50],
        PointsLot.objects.filter(enrolment=wallet, remaining__gt=0).order_by("expires_on", "pk")[:50],
        LotDraw.objects.filter(entry__in=PointsEntry.objects.filter(enrolment=wallet)),
    ]
    for query in queries:
        assert assert_bounded(plan_of(*query.query.sql_with_params())) >= 1
