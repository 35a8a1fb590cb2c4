"""What the stories of merges share: two records of one person, the second person, and every row of both."""

import json
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import connection

from memberships.merge_approvals import MergeRecords, UndoMerge
from memberships.models import Member, MemberMerge
from memberships.services.merges import merge_records
from operations import registry
from operations.dates import business_date
from operations.models import Approval, User
from operations.services.approvals import approve, ask
from operations.services.books import Difference, period_until
from tests.memberships.admin_pages import granted
from tests.memberships.factories import TODAY, an_operator
from tests.memberships.points_stories import morning
from tests.operations.approval_stories import a_checker

RIGHTS = (
    "memberships.merge_member", "memberships.view_member", "memberships.view_membermerge",
    "memberships.view_membercontact", "operations.view_approval",
)
#: What tells of a merge, and books of it, only grows.
GROWS = ("pgh_", "memberships_membermerge", "memberships_mergemove", "memberships_mergedcard")


def an_asker() -> User:
    """Xiaomei, who may ask for merges."""
    known = User.objects.filter(username="xiaomei").first()
    return granted(known or an_operator(), *RIGHTS)


def decided(request: Any, *, at: datetime) -> Approval:
    """Laowang approves; the request as it stands then."""
    assert isinstance(request, Approval)
    laowang = User.objects.filter(username="laowang").first() or a_checker("laowang")
    checker = granted(laowang, "memberships.view_member")
    return approve(request, checker=checker, decision="已核实", on=business_date(at), at=at)


def merged(former: Member, survivor: Member, *, on: date = TODAY, **choices: str) -> MemberMerge:
    """Merged by the service, on the word of xiaomei alone."""
    return merge_records(
        former, survivor, choices=choices, reason="同一人", on=on, at=morning(on), actor=an_asker(), checker=None
    )


def asked_to_merge(former: Member, survivor: Member, *, on: date = TODAY, **choices: str) -> Any:
    payload = MergeRecords.payload_of(former, survivor, choices)
    return ask(MergeRecords.name, payload, actor=an_asker(), reason="同一人", on=on, at=morning(on))


def asked_to_undo(merge: MemberMerge, *, on: date) -> Any:
    payload = UndoMerge.payload_of(merge)
    return ask(UndoMerge.name, payload, actor=an_asker(), reason="并非同一人", on=on, at=morning(on))


def rows_of(*members: Member) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of ours that names one of the members, but for the trail's and the merges' own."""
    found = {}
    for model in apps.get_models():
        table = model._meta.db_table
        columns = [
            field.column for field in model._meta.concrete_fields  # type: ignore[union-attr]
            if field.related_model is Member or (model is Member and field.primary_key)
        ]
        if not columns or (table.endswith("event") and hasattr(model, "pgh_id")) or table.startswith(GROWS):
            continue
        said = " OR ".join(f"{column} = ANY(%(members)s)" for column in columns)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT to_jsonb(t)::text FROM {table} t WHERE {said} ORDER BY t.{model._meta.pk.column}",
                {"members": [member.pk for member in members]},
            )
            if rows := [json.loads(row) for (row,) in cursor.fetchall()]:
                found[table] = rows
    return found


def differences(*, on: date = TODAY) -> list[Difference]:
    """What the audit of the books finds by a day, but in the gateways' own."""
    period = period_until(on, at=morning(on), since=None)
    checks = [check for check in registry.book_checks if not check.name.startswith("gateway")]
    return [found for check in checks for keys in check.ranges(period) for found in check.differences(keys, period)]
