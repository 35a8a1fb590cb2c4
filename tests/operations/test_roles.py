"""The shipped roles: there after a migration, completed by the next one, and never cut back."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from operations import registry, roles
from operations.models import ApprovalLimit
from operations.roles import ADMINISTRATOR, APPROVER, AUDITOR, OPERATOR, ROLES, Role

pytestmark = pytest.mark.django_db


def group_of(role: Role) -> Group:
    return Group.objects.get(name=role.group)


def rights(role: Role) -> set[str]:
    pairs = group_of(role).permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in pairs}


def state() -> tuple[object, ...]:
    return (
        [(role.group, sorted(rights(role))) for role in ROLES],
        sorted(ApprovalLimit.objects.values_list("action", "group__name", "amount")),
    )


def test_every_role_ships_with_its_rights() -> None:
    for role in ROLES:
        given = {right for right in rights(role) if ".view_" not in right}
        assert given == {right for right in roles.rights_of(role) if ".view_" not in right}, role
        assert roles.rights_of(role) <= rights(role), role
        assert {"memberships.view_member", "operations.view_approval"} <= rights(role)


def test_what_a_role_may_do_is_something_there_is() -> None:
    there = {f"{app}.{name}" for app, name in Permission.objects.values_list("content_type__app_label", "codename")}
    assert all(roles.rights_of(role) <= there for role in ROLES)
    known = {action.name for action in registry.approval_actions}
    assert all(set(roles.limits_of(role)) <= known for role in ROLES)


def test_an_auditor_changes_nothing_and_an_approver_only_decides() -> None:
    # Whose account money goes to is looked at, for a reason that is kept, before it is decided.
    assert roles.rights_of(APPROVER) == {"operations.decide_approval", "credit.reveal_receipt"}
    reading = ("export_", "read_", "search_")
    assert all(right.split(".")[1].startswith(reading) for right in roles.rights_of(AUDITOR))


def test_no_shipped_role_both_moves_money_and_approves() -> None:
    for role in ROLES:
        moves = {"memberships.refund_payment", "operations.operate_jobrun"} & roles.rights_of(role)
        assert not (moves and "operations.decide_approval" in roles.rights_of(role))


def test_limits_ship_with_the_roles() -> None:
    limits = dict(ApprovalLimit.objects.filter(group=group_of(OPERATOR)).values_list("action", "amount"))
    assert limits["refund_payment"] == Decimal(500) and limits["confirm_import"] == Decimal(10_000)
    assert limits == roles.limits_of(OPERATOR)
    assert not ApprovalLimit.objects.filter(group__in=[group_of(AUDITOR), group_of(APPROVER)]).exists()


def test_bringing_up_again_changes_nothing() -> None:
    before = state()
    roles.bring_up()
    roles.bring_up()
    assert state() == before


def test_a_group_that_was_there_before_gets_what_it_never_had() -> None:
    """As the demo's groups, made before there were roles."""
    group_of(OPERATOR).delete()
    Group.objects.create(name=OPERATOR.group)
    roles.bring_up()
    assert "memberships.refund_payment" in rights(OPERATOR)


def test_a_right_that_was_taken_away_does_not_come_back() -> None:
    operators = group_of(OPERATOR)
    operators.permissions.remove(Permission.objects.get(codename="refund_payment"))
    roles.bring_up()
    assert "memberships.refund_payment" not in rights(OPERATOR)
    assert "memberships.extend_points" in rights(OPERATOR)


def test_what_an_administrator_added_stays() -> None:
    auditors, more = group_of(AUDITOR), Permission.objects.get(codename="operate_jobrun")
    auditors.permissions.add(more)
    ApprovalLimit.objects.filter(group=group_of(OPERATOR), action="refund_payment").update(amount=100)
    roles.bring_up()
    assert more in auditors.permissions.all()
    assert ApprovalLimit.objects.get(group=group_of(OPERATOR), action="refund_payment").amount == 100


def test_a_limit_that_was_taken_away_does_not_come_back() -> None:
    ApprovalLimit.objects.filter(group=group_of(ADMINISTRATOR), action="refund_payment").delete()
    roles.bring_up()
    assert not ApprovalLimit.objects.filter(group=group_of(ADMINISTRATOR), action="refund_payment").exists()


def test_a_right_of_a_later_release_reaches_the_groups_by_its_migration() -> None:
    kind = Permission.objects.get(codename="operate_jobrun").content_type
    roles.give(APPROVER, "operations.ring_bell")
    try:
        roles.bring_up()
        assert "operations.ring_bell" not in rights(APPROVER)
        Permission.objects.create(codename="ring_bell", name="Can ring the bell", content_type=kind)
        call_command("migrate", verbosity=0)
        assert "operations.ring_bell" in rights(APPROVER)
    finally:
        roles._rights[APPROVER.name].discard("operations.ring_bell")


def test_before_there_are_limits_nothing_is_done() -> None:
    """A migration to an early state tells of its end, too."""

    class Early:
        @staticmethod
        def get_models() -> list[type]:
            return [model for model in apps.get_models() if model.__name__ != "ApprovalLimit"]

    Group.objects.all().delete()
    roles.bring_up(apps=Early())
    assert not Group.objects.exists()
