"""What is shown of requests: on the page of the record concerned, on their own page, and in words. Reads only."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from operations import registry
from operations.approval_actions import measure_in_words
from operations.approvals import Measure
from operations.models import Approval, User
from operations.services.approvals import hindrance, requests_about

State = Approval.State
STATE_COLOURS = {
    State.WAITING: "warning",
    State.EXECUTED: "success",
    State.REJECTED: "danger",
    State.WITHDRAWN: "",
    State.EXPIRED: "",
    State.REFUSED: "danger",
}


class Panel(NamedTuple):
    """More than figures say: a template, which the page of a request includes, and what it finds there as `shown`."""

    template: str
    shown: Any


#: By the action's name, what the page of its requests shows to those who may see the record; each floor adds its own.
PANELS: dict[str, Callable[[HttpRequest, Approval], Panel | None]] = {}


@dataclass(frozen=True)
class OpenRequest:
    """A request that waits, as the page of its record shows it."""

    approval: Approval
    action: str
    url: str
    #: The one who looks may decide it.
    is_mine_to_decide: bool


def open_requests(request: HttpRequest, *records: Model, at: datetime) -> list[OpenRequest]:
    """What waits for a second person about these records, for templates/operations/open_requests.html.

    One query; none, and nothing, for those who may not see requests.
    """
    if not request.user.has_perm("operations.view_approval"):
        return []
    user = cast(User, request.user)
    return [
        OpenRequest(approval, action_name(approval), approval_url(approval), not hindrance(approval, user, at=at))
        for approval in requests_about(*records)
    ]


def approval_url(approval: Approval) -> str:
    return reverse("admin:operations_approval_change", args=[approval.pk])


def action_name(approval: Approval) -> str:
    """The action in words; its name when nobody knows it any more."""
    action = registry.approval_actions.find(approval.action)
    return capfirst(str(action.label)) if action else approval.action


def amount_in_words(approval: Approval) -> str:
    """"1,200.00 CNY", "4 rows"; blank for what has no amount."""
    action = registry.approval_actions.find(approval.action)
    return measure_in_words(Measure(approval.action, approval.amount, action.unit if action else ""))


def waits_in_words(approval: Approval) -> str:
    """What is said to who asked for more than they may do alone."""
    return _("This takes a second person. Request %(number)s waits to be approved until %(day)s.") % {
        "number": approval.pk, "day": date_format(localtime(approval.expires_at), "Y-m-d H:i")
    }


def approval_page(request: HttpRequest, approval: Approval, *, at: datetime) -> dict[str, Any]:
    """Everything the page of a request shows."""
    words = hindrance(approval, cast(User, request.user), at=at)
    is_waiting = approval.state == State.WAITING
    subject, panel = record_of(request, approval), PANELS.get(approval.action)
    action = registry.approval_actions.find(approval.action)
    payload = action.shown(approval.payload) if action else approval.payload
    return {
        "approval": approval,
        "action_label": action_name(approval),
        "amount": amount_in_words(approval),
        "state_label": approval.get_state_display(),
        "state_colour": STATE_COLOURS[State(approval.state)],
        "subject": subject,
        "panel": panel(request, approval) if panel and subject else None,
        "payload": json.dumps(payload, ensure_ascii=False, indent=2, sort_keys=True),
        "can_reveal": bool(personal_of(request, approval)),
        "may_decide": not words,
        "may_withdraw": is_waiting and approval.maker_id == request.user.pk,
        "why_not": words if is_waiting and request.user.has_perm("operations.decide_approval") else "",
        "is_overdue": is_waiting and approval.expires_at <= at,
    }


def personal_of(request: HttpRequest, approval: Approval) -> list[str]:
    """The fields of a request's content that are masked and that the user may see whole."""
    action = registry.approval_actions.find(approval.action)
    if action is None or not action.reveal_permission or not request.user.has_perm(action.reveal_permission):
        return []
    return [name for name in action.personal if approval.payload.get(name)]


def record_of(request: HttpRequest, approval: Approval) -> tuple[str, str] | None:
    """The record concerned and its page; None when there is none, or the user may not see it."""
    kind = approval.subject_type
    if kind is None or not request.user.has_perm(f"{kind.app_label}.view_{kind.model}"):
        return None
    model = kind.model_class()
    record = model._default_manager.filter(pk=approval.subject_id).first() if model else None
    if record is None or model is None:
        return None
    url = reverse(f"admin:{kind.app_label}_{kind.model}_change", args=[record.pk])
    return f"{capfirst(str(model._meta.verbose_name))}: {record}", url
