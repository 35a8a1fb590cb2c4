"""What the tests of the admin pages share: users with rights, and what the database was asked."""

import json
from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from operations.models import ApprovalLimit, User


def granted(user: User, *permissions: str) -> User:
    """The user, with these rights (`app.codename`)."""
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return User.objects.get(pk=user.pk)


def may_alone(user: User, action: str, amount: int | None) -> User:
    """The user, in a group that does so much of an action without a second person."""
    group = Group.objects.create(name=f"{action} up to {amount}")
    ApprovalLimit.objects.create(action=action, group=group, amount=amount)
    user.groups.add(group)
    return user


def signed_in(user: User) -> Client:
    """A browser of that user; pages are read in English, since tests quote them."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def a_superuser() -> User:
    return User.objects.create_superuser("root", password="a-long-enough-password")


def counts_or_skips(statements: Iterable[dict[str, str]]) -> list[str]:
    """The statements that count without a bound, or skip rows."""
    return [
        statement["sql"]
        for statement in statements
        if " OFFSET " in statement["sql"] or ("COUNT(" in statement["sql"] and " LIMIT " not in statement["sql"])
    ]


def indexes_read(queryset: QuerySet) -> set[str]:
    """The indexes that PostgreSQL reads for a query; a sequential scan shows as "seq scan".

    Asked with the fixture `new_tables` only: else the plan depends on the tests that came before.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('plusdesk.new_tables', true)")
        assert cursor.fetchone() == ("yes",)
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        plan = json.loads(queryset.explain(format="json"))[0]["Plan"]
        cursor.execute("SET LOCAL enable_seqscan = on")
        cursor.execute("SET LOCAL enable_sort = on")
    return set(_indexes(plan))


def _indexes(plan: dict) -> Iterable[str]:
    if plan["Node Type"] in ("Seq Scan", "Sort"):
        yield plan["Node Type"].lower()
    if "Index Name" in plan:
        yield plan["Index Name"]
    for child in plan.get("Plans", []):
        yield from _indexes(child)
