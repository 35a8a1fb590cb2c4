"""The demo's three users and their groups. Their passwords are public, which is why production refuses the demo."""

from collections.abc import Iterable
from typing import NamedTuple

from django.contrib.auth.models import Group, Permission
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from operations.models import User


class Login(NamedTuple):
    """A demo user; the password is public, which is why production refuses the demo."""

    username: str
    password: str
    role: str | Promise


ADMIN = Login("admin", "plusdesk-demo-admin", _("administrator"))
OPERATOR = Login("operator", "plusdesk-demo-operator", _("operator"))
AUDITOR = Login("auditor", "plusdesk-demo-auditor", _("auditor"))
LOGINS = [ADMIN, OPERATOR, AUDITOR]

OPERATORS = "运营 Operators"
AUDITORS = "审计 Auditors"
OPERATOR_PERMISSIONS = [
    "memberships.import_enterprisecustomer",
    "operations.operate_jobrun",
    "operations.resend_outboxmessage",
    "memberships.change_enterprisecustomer",
    "memberships.reveal_membercontact",
    "memberships.change_subscription",
    "memberships.refund_payment",
    "memberships.export_enterprisecustomer",
]

AUDITOR_PERMISSIONS = ["memberships.export_enterprisecustomer"]


def working_logins() -> list[Login]:
    """The demo users that are there and still have the demo's password."""
    users = User.objects.in_bulk([login.username for login in LOGINS], field_name="username")
    return [
        login for login in LOGINS
        if login.username in users and users[login.username].check_password(login.password)
    ]


def make_users() -> None:
    """The users and their groups, where missing; a user who is there is left alone, password and all."""
    views = Permission.objects.filter(content_type__app_label__in=["memberships", "operations"])
    views = views.filter(codename__startswith="view_")
    _make_group(OPERATORS, [*views, *_permissions(OPERATOR_PERMISSIONS)])
    # An export shows what the lists show: personal data is masked.
    _make_group(AUDITORS, [*views, *_permissions(AUDITOR_PERMISSIONS)])
    _make_user(ADMIN, is_superuser=True)
    _make_user(OPERATOR, group=OPERATORS)
    _make_user(AUDITOR, group=AUDITORS)


def _permissions(names: list[str]) -> list[Permission]:
    """The permissions of those names (app.codename); Permission.DoesNotExist when there is none of a name."""
    pairs = [name.split(".") for name in names]
    return [Permission.objects.get(content_type__app_label=app, codename=codename) for app, codename in pairs]


def _make_group(name: str, permissions: Iterable[Permission]) -> None:
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        group.permissions.set(permissions)


def _make_user(login: Login, *, group: str | None = None, is_superuser: bool = False) -> None:
    if User.objects.filter(username=login.username).exists():
        return
    user = User.objects.create_user(
        login.username, password=login.password, is_staff=True, is_superuser=is_superuser
    )
    if group is not None:
        user.groups.add(Group.objects.get(name=group))
