"""A demo user for each role. Their passwords are public, which is why production refuses the demo."""

from copy import copy
from typing import Any, NamedTuple

from django.contrib.auth.hashers import check_password, get_hasher
from django.contrib.auth.models import Group
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from operations import roles
from operations.models import User
from operations.roles import Role


class Login(NamedTuple):
    """A demo user; the password is public, which is why production refuses the demo."""

    username: str
    password: str
    role: str | Promise


ADMIN = Login("admin", "plusdesk-demo-admin", _("superuser"))
OPERATOR = Login("operator", "plusdesk-demo-operator", roles.OPERATOR.label)
CONTROLLER = Login("controller", "plusdesk-demo-controller", roles.CREDIT_CONTROLLER.label)
MANAGER = Login("manager", "plusdesk-demo-manager", roles.PROGRAMME_MANAGER.label)
APPROVER = Login("approver", "plusdesk-demo-approver", roles.APPROVER.label)
AUDITOR = Login("auditor", "plusdesk-demo-auditor", roles.AUDITOR.label)
KEEPER = Login("keeper", "plusdesk-demo-keeper", roles.ADMINISTRATOR.label)
LOGINS = [ADMIN, OPERATOR, CONTROLLER, MANAGER, APPROVER, AUDITOR, KEEPER]

#: The shipped group of each but the superuser.
ROLES: dict[Login, Role] = {
    OPERATOR: roles.OPERATOR, CONTROLLER: roles.CREDIT_CONTROLLER, MANAGER: roles.PROGRAMME_MANAGER,
    APPROVER: roles.APPROVER, AUDITOR: roles.AUDITOR, KEEPER: roles.ADMINISTRATOR,
}


def working_logins() -> list[Login]:
    """The demo users that are there and still have the demo's password."""
    users = User.objects.in_bulk([login.username for login in LOGINS], field_name="username")
    return [
        login for login in LOGINS
        if login.username in users and check_password(login.password, users[login.username].password)
    ]


def make_users() -> None:
    """The users, where missing; one who is there is left alone, password, groups and all."""
    there = User.objects.in_bulk([login.username for login in LOGINS], field_name="username")
    for login in LOGINS:
        if login.username not in there:
            _make_user(login)


def _make_user(login: Login) -> None:
    role = ROLES.get(login)
    user = User.objects.create(
        username=login.username, password=_hash(login.password), is_staff=True, is_superuser=role is None
    )
    if role is not None:
        user.groups.add(Group.objects.get(name=role.group))


def _hash(password: str) -> str:
    """In one step instead of a million, since it is public; who logs in with it has it hashed as everybody's is."""
    hasher: Any = copy(get_hasher())
    hasher.iterations = 1
    return str(hasher.encode(password, hasher.salt()))
