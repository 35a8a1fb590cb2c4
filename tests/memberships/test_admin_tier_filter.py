"""Who stands on a tier: the list reads its page by an index, however many stand elsewhere."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from memberships.admin.display import today
from memberships.models import Tier, TierStanding
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.test_points_plans import nodes
from tests.memberships.tier_stories import a_climber, a_ladder, by_hand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("new_tables")]
LIST = "/admin/memberships/tierstanding/"
MANY = 200_000
LIKE_IT = """
    INSERT INTO %(table)s
    SELECT (jsonb_populate_record(one, jsonb_build_object(
        'id', 10000000 + n, 'member_id', 10000000 + n, 'enrolment_id', 10000000 + n
    ) || CASE WHEN n <= 200 THEN jsonb_build_object('tier_id', %%(few)s::bigint) ELSE '{}' END)).*
    FROM %(table)s one, generate_series(1, %%(many)s) AS n WHERE one.id = %%(row)s
"""


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def test_the_list_shows_who_stands_on_the_chosen_tier(desk: Client) -> None:
    ladder = a_ladder()
    low, high = a_climber(ladder), a_climber(ladder)
    by_hand(high, "gold", on=today())
    gold = Tier.objects.get(code="gold")
    page = desk.get(LIST, {"tier": gold.pk})
    assert [each.enrolment_id for each in page.context["cl"].result_list] == [high.pk]
    assert low.member.number not in page.content.decode() and f"· {gold}" in page.content.decode()
    for nonsense in ("x", "9" * 30 + "x", ""):
        assert len(desk.get(LIST, {"tier": nonsense}).context["cl"].result_list) == 2


def test_a_page_of_the_few_costs_as_little_as_one_of_the_many(desk: Client) -> None:
    """The few came first, so that looking for them from the newest on would read all the others."""
    wallet = a_climber(a_ladder())
    standing = TierStanding.objects.get(enrolment=wallet)
    few = Tier.objects.get(code="gold", group=standing.group_id)
    with connection.cursor() as cursor:
        # As quickly as can be: rows like those that are there, past all triggers.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, row in (("member", wallet.member_id), ("enrolment", wallet.pk), ("tierstanding", standing.pk)):
            cursor.execute(LIKE_IT % {"table": f"memberships_{table}"}, {"few": few.pk, "row": row, "many": MANY})
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE memberships_tierstanding, memberships_enrolment, memberships_member")
    for tier in (few.pk, standing.tier_id):
        with CaptureQueriesContext(connection) as queries:
            shown = desk.get(LIST, {"tier": tier}).context["cl"].result_list
        assert len(shown) >= 50 and {each.tier_id for each in shown} == {tier}
        asked = [query["sql"] for query in queries.captured_queries]
        reads = [sql for sql in asked if '"tier_id" = ' in sql and "LIMIT" in sql and sql.startswith("SELECT")]
        assert reads, asked
        found = [_scanned(sql) for sql in reads]
        assert all(buffers < 500 for _indexes, buffers in found), (found, reads)


def _scanned(text: str) -> tuple[list[Any], int]:
    """By which indexes standings are read, and how many pages that touches, joins included."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}")
        (found,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    scans = [node for node in nodes(plan) if node.get("Relation Name") == "memberships_tierstanding"]
    return [node.get("Index Name") for node in scans], int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
