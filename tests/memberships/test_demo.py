"""The demo: made once, valid, plausible, and never in production."""

from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from memberships import demo
from memberships.demo.sizes import NIGHTS
from memberships.models import (
    EnterpriseCustomer,
    Payment,
    Subscription,
)
from memberships.services.subscriptions import with_status
from operations import roles
from operations.models import User
from tests.gateway import GatewayForTests

pytestmark = pytest.mark.django_db


def told(*arguments: str, **options: Any) -> str:
    """What `manage.py load_demo` prints."""
    printed = StringIO()
    call_command("load_demo", *arguments, stdout=printed, **options)
    return printed.getvalue()


@pytest.fixture
def users() -> None:
    """Only those who log in."""
    demo.make_users()


def facts_of_a_loading(on: date) -> list[Any]:
    """What the demo of that day says of firms and cards, once it is seen to be valid; nothing of it stays."""
    with transaction.atomic():
        demo.load_demo(on=on, size=NIGHTS)
        connection.check_constraints()
        active = with_status(Subscription.objects.all(), on=on).filter(status="active")
        assert 280 < active.count() < 400
        firms = EnterpriseCustomer.objects.order_by("member").values_list("legal_name", "credit_code")
        cards = Subscription.objects.order_by("member").values_list("requested_on", "cancelled_on")
        facts = [*firms, *cards]
        transaction.set_rollback(True)
    return facts


def test_demo_can_be_made_on_any_day_and_is_the_same_whenever_it_is_made_for_it() -> None:
    leap_day = date(2028, 2, 29)
    assert facts_of_a_loading(leap_day) == facts_of_a_loading(leap_day)


def test_operator_may_view_import_and_operate_but_not_manage_users(users: None) -> None:
    operator = User.objects.get(username="operator")
    granted = operator.get_all_permissions()
    changing = {name for name in granted if not name.split(".")[1].startswith("view_")}
    assert changing == roles.rights_of(roles.OPERATOR)
    assert "memberships.refund_payment" in changing
    assert {"memberships.view_membercontact", "operations.view_importbatch"} <= granted
    assert operator.is_staff
    assert not operator.is_superuser


def test_auditor_views_and_changes_nothing(users: None) -> None:
    auditor = User.objects.get(username="auditor")
    assert not auditor.is_superuser
    assert list(auditor.groups.values_list("name", flat=True)) == [roles.AUDITOR.group]
    granted = auditor.get_all_permissions()
    assert {"memberships.view_subscription", "operations.view_jobrun", "operations.view_reveal"} <= granted
    others = {name for name in granted if not name.split(".")[1].startswith("view_")}
    assert others == roles.rights_of(roles.AUDITOR)
    # What is not "view" takes along or reads what lists do not show; nothing of it changes a record.
    assert {name.split(".")[1].split("_")[0] for name in others} == {"export", "read", "search"}


def test_admin_may_everything(users: None) -> None:
    assert User.objects.get(username="admin").is_superuser


@pytest.mark.parametrize("login", demo.LOGINS, ids=lambda login: login.username)
def test_demo_passwords_pass_the_house_s_rules(login: demo.Login) -> None:
    validate_password(login.password, User(username=login.username))


def test_command_says_what_it_made_what_it_left_out_and_then_that_it_is_there(
    users: None, settings: Any, gateway: GatewayForTests
) -> None:
    """A gateway that keeps other books is left alone: there are no payments."""
    settings.DEMO_SIZE = "small"
    gateway.charge("1-1", token="tok_ok_of_somebody_else")
    made, left_out = told().strip().splitlines()
    assert "200" in made and "make run" in left_out, "it was hindered by its own users"
    assert (Payment.objects.count(), len(gateway.charges())) == (0, 1)
    assert "200" not in told()


def test_logins_are_a_small_table_and_nothing_else(users: None) -> None:
    lines = told("--logins").splitlines()
    assert len(lines) == 8
    shown = [line.split()[:2] for line in lines[1:]]
    assert shown == [[login.username, login.password] for login in demo.LOGINS]


def test_logins_leave_out_a_password_that_was_changed(users: None) -> None:
    admin = User.objects.get(username="admin")
    admin.set_password("only-the-admin-knows")
    admin.save()
    shown = [line.split()[0] for line in told("--logins").splitlines()[1:]]
    assert shown == [login.username for login in demo.LOGINS if login.username != "admin"]


def test_logins_of_a_demo_that_is_not_loaded_are_an_error() -> None:
    with pytest.raises(CommandError):
        told("--logins")
    assert not User.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["--logins"]])
def test_production_refuses_the_demo(settings: Any, arguments: list[str]) -> None:
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError):
        told(*arguments)
    assert not User.objects.exists()
