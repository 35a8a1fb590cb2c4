"""The roles of the desk: groups that ship ready, with the rights and limits that each floor gives them.

A floor calls `give` and `limit` in AppConfig.ready(); after each migration `bring_up` makes the groups and adds what
they never had. What an administrator added stays, and what one took away stays away: the trail of the group tells.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.apps import AppConfig
from django.apps import apps as installed
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from operations.audit import because


class Role(NamedTuple):
    """What somebody does at the desk; `group` is the name of the group, in both languages since it is data."""

    name: str
    group: str
    label: str | Promise


OPERATOR = Role("operator", "运营 Operators", _("operator"))
CREDIT_CONTROLLER = Role("credit_controller", "信控 Credit controllers", _("credit controller"))
PROGRAMME_MANAGER = Role("programme_manager", "会员计划 Programme managers", _("programme manager"))
APPROVER = Role("approver", "审批 Approvers", _("approver"))
AUDITOR = Role("auditor", "审计 Auditors", _("auditor"))
ADMINISTRATOR = Role("administrator", "管理 Administrators", _("administrator"))
ROLES = (OPERATOR, CREDIT_CONTROLLER, PROGRAMME_MANAGER, APPROVER, AUDITOR, ADMINISTRATOR)

#: By the role's name: its rights ("app.codename"), and its limits by action (None: without limit).
_rights: dict[str, set[str]] = defaultdict(set)
_limits: dict[str, dict[str, Decimal | None]] = defaultdict(dict)
#: Apps whose every record all roles may look at.
_read_by_all: set[str] = set()


def read_by_all(app_label: str) -> None:
    """Let every role view all that an app holds; personal data stays masked."""
    _read_by_all.add(app_label)


def give(role: Role, *permissions: str) -> None:
    """Let a role do something ("app.codename"), besides viewing."""
    _rights[role.name].update(permissions)


def limit(role: Role, action: str, amount: Decimal | int | None) -> None:
    """Up to what amount a role does a registered action alone, until an administrator says otherwise."""
    _limits[role.name][action] = None if amount is None else Decimal(amount)


def rights_of(role: Role) -> set[str]:
    """What was given to a role, besides viewing."""
    return set(_rights[role.name])


def limits_of(role: Role) -> dict[str, Decimal | None]:
    """The limits a role ships with, by action."""
    return dict(_limits[role.name])


def bring_up(sender: AppConfig | None = None, *, apps: Any = installed, **_signal: Any) -> None:
    """Make the groups and give them the rights and limits that they never had; may run again and again.

    Receiver of post_migrate. A right that the database does not know yet comes with a later migration.
    """
    if any(model.__name__ == "ApprovalLimit" for model in apps.get_models()):
        with transaction.atomic(), because(str(_("shipped roles"))):
            for role in ROLES:
                _bring_up(role)


def _bring_up(role: Role) -> None:
    from django.contrib.auth.models import Group

    from operations.models import ApprovalLimit, GroupRight

    group, _is_new = Group.objects.get_or_create(name=role.group)
    # A right or limit that was there once and is gone was taken away by somebody.
    had = set(group.permissions.values_list("pk", flat=True))
    given = GroupRight.pgh_event_models["insert"]  # type: ignore[attr-defined]
    had.update(given.objects.filter(group=group, pgh_label="insert").values_list("permission", flat=True))
    group.permissions.add(*[right for right in _permissions(role) if right not in had])
    event = ApprovalLimit.pgh_event_models["insert"]  # type: ignore[attr-defined]
    known = set(event.objects.filter(group=group).values_list("action", flat=True))
    known.update(ApprovalLimit.objects.filter(group=group).values_list("action", flat=True))
    ApprovalLimit.objects.bulk_create(
        ApprovalLimit(action=action, group=group, amount=amount)
        for action, amount in limits_of(role).items() if action not in known
    )


def _permissions(role: Role) -> Iterable[int]:
    """The keys of the role's rights, as far as the database has them."""
    from django.contrib.auth.models import Permission

    wanted = rights_of(role)
    found = Permission.objects.filter(content_type__app_label__in={*_read_by_all, *(w.split(".")[0] for w in wanted)})
    for key, app, codename in found.values_list("pk", "content_type__app_label", "codename"):
        if f"{app}.{codename}" in wanted or (app in _read_by_all and codename.startswith("view_")):
            yield key
