"""Buttons of a record's page, and the page that asks before anything is done: what happens, for how much, and why.

A form carries what its page showed. When the record is another by then (a second click, a colleague, the night),
nothing is done, and the record is shown as it stands.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from memberships.admin.display import today
from memberships.admin.pages import find_record
from operations.admin.base import DeskAdmin
from operations.admin.reasons import ReasonForm, ask
from operations.errors import PlusdeskError

M = TypeVar("M", bound=Model)
Fact = tuple[Any, Any]


class Button(NamedTuple):
    """A button as it is shown; its variant is one of Unfold's."""

    label: Any
    url: str
    variant: str


class Told(NamedTuple):
    """What came of it, in words, at a level of django.contrib.messages; `url`: where to go, if not back."""

    level: int
    text: str
    url: str = ""


class ConfirmForm(ReasonForm):
    """A reason, and (hidden) what the operator was shown. Subclasses add their fields."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    #: Before the reason.
    first_fields: tuple[str, ...] = ()

    def __init__(self, data: Any, *, seen: str, **options: Any) -> None:
        super().__init__(data, initial={"seen": seen, **options.pop("initial", {})}, **options)
        self.order_fields([*self.first_fields, "reason", "seen"])


@dataclass(frozen=True)
class Asked:
    """What stands on a confirmation page: facts, a note, and the form. `refusal`: why it cannot be done at all."""

    form: Any = None
    facts: tuple[Fact, ...] = ()
    note: Any = ""
    refusal: Any = ""


class RecordAction(Generic[M]):
    """One thing that can be done to a record. Stateless; its methods are given the record."""

    name: str
    label: str | Promise
    permission: str
    variant = "default"

    def is_offered(self, record: M, *, on: date) -> bool:
        """Whether the record's state allows it; asked of records that are shown, so without a query."""
        raise NotImplementedError

    def seen(self, record: M) -> str:
        """What the confirmation depends on; another value means that the record has changed."""
        raise NotImplementedError

    def asked(self, record: M, data: Any, *, seen: str, on: date) -> Asked:
        """The confirmation page."""
        raise NotImplementedError

    def do(self, record: M, form: Any, *, on: date, request: HttpRequest) -> Told:
        """Call the service; what it refuses is a PlusdeskError."""
        raise NotImplementedError

    def page_of(self, record: M) -> str:
        """Where to go afterwards."""
        raise NotImplementedError


def offered(
    request: HttpRequest, actions: Iterable[RecordAction[M]], record: M, *, on: date
) -> list[Button]:
    """The buttons that the user may press on a record as it stands."""
    return [
        Button(action.label, _url(record, action.name), action.variant)
        for action in actions
        if request.user.has_perm(action.permission) and action.is_offered(record, on=on)
    ]


def _url(record: Model, action: str) -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_{action}", args=[record.pk])


def action_urls(
    admin: DeskAdmin, actions: Iterable[RecordAction[M]], records: "Callable[[HttpRequest], QuerySet[M]]"
) -> list[URLPattern]:
    """A page for each action; `records` are those that may be looked at, with all that the actions need."""
    model = f"{admin.opts.app_label}_{admin.opts.model_name}"
    return [
        path(
            f"<path:object_id>/{action.name}/",
            # What is typed into a form may be a secret: no report of an error tells it.
            admin.admin_site.admin_view(sensitive_post_parameters()(partial(_confirm, admin, action, records))),
            name=f"{model}_{action.name}",
        )
        for action in actions
    ]


def _confirm(
    admin: DeskAdmin, action: RecordAction[M], records: "Callable[[HttpRequest], QuerySet[M]]",
    request: HttpRequest, object_id: str,
) -> HttpResponse:
    """Ask, then do it."""
    record = find_record(admin, request, object_id, records(request))
    if not request.user.has_perm(action.permission):
        raise PermissionDenied
    on, seen = today(), action.seen(record)
    asked = action.asked(record, request.POST if request.method == "POST" else None, seen=seen, on=on)
    if asked.refusal:
        messages.error(request, asked.refusal)
        return HttpResponseRedirect(action.page_of(record))
    if request.method == "POST":
        if request.POST.get("seen", "") != seen:
            messages.warning(request, _("This has changed since the page was opened: nothing more was done."))
            return HttpResponseRedirect(action.page_of(record))
        told = _do(action, record, asked.form, on=on, request=request) if asked.form.is_valid() else None
        if told is not None:
            return HttpResponseRedirect(told.url or action.page_of(record))
    return ask(
        admin, request, record, asked.form, title=action.label, submit_label=action.label, note=asked.note,
        template="memberships/confirm.html", facts=asked.facts, back_url=action.page_of(record),
    )


def _do(action: RecordAction[M], record: M, form: Any, *, on: date, request: HttpRequest) -> Told | None:
    """What came of it; None when the service refused, with its reason in the form."""
    try:
        told = action.do(record, form, on=on, request=request)
    except PlusdeskError as error:
        form.add_error(None, str(error))
        return None
    messages.add_message(request, told.level, told.text)
    return told


def who_and_when(request: HttpRequest, form: Any) -> dict[str, Any]:
    """What every service wants to know of what is done by hand."""
    return {"at": timezone.now(), "actor": request.user, "reason": form.cleaned_data["reason"]}
