"""The first page: panels of every floor, those of the reader's role first; each figure leads to what it counts.

What takes long to add up was kept by a job (services/rollups.py), and the page says when it was true. What a user may
not see is not computed. Floors register panels and work lists in AppConfig.ready().
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from operations import registry, roles
from operations.roles import Role
from operations.services.rollups import Figures, newest

#: What of each roll-up was measured last, by its name and scope.
Rolled = dict[str, dict[str, Figures]]


class Figure(NamedTuple):
    """A figure in words, and the page of what it counts; `note` says what it is of, or how it changed."""

    label: str | Promise
    shown: str
    url: str = ""
    note: str | Promise = ""
    is_bad: bool = False


class ToDo(NamedTuple):
    """How many records of a work list wait, and the list."""

    of: str | Promise
    label: str | Promise
    shown: str
    url: str


class WorkList:
    """Figures of what has to be done, shown on top of the first page."""

    name: str
    #: Whose work it is: it stands before the others.
    first_for: tuple[Role, ...] = ()

    def may_see(self, request: HttpRequest) -> bool:
        """Whether the user has anything to do with it."""
        raise NotImplementedError

    def to_do(self, request: HttpRequest) -> list[ToDo]:
        """Counts that are bounded, or kept for some seconds."""
        raise NotImplementedError


class DashboardPanel:
    """A part of the first page."""

    name: str
    title: str | Promise
    #: Gets what `context` returned as `panel`.
    template = "operations/dashboard_figures.html"
    #: A right that it takes; further ones are the panel's own business.
    permission: str
    #: Whose panel it is: it stands before the others.
    first_for: tuple[Role, ...] = ()
    #: Roll-ups that it shows.
    rolled: tuple[str, ...] = ()

    def context(self, request: HttpRequest, rolled: Rolled, *, at: datetime) -> dict[str, Any]:
        """What the template shows, `rolled` among it if the panel names any; in a fixed number of queries."""
        raise NotImplementedError


Part = TypeVar("Part", DashboardPanel, WorkList)


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback: what the user may see of the first page."""
    from django.utils import timezone

    at, may = timezone.now(), request.user.has_perm
    own = _roles_of(request)
    panels = in_order([panel for panel in registry.dashboard_panels if may(panel.permission)], own)
    rolled = newest({name for panel in panels for name in panel.rolled}) if panels else {}
    context["to_do"] = [
        each for work in in_order(registry.work_lists, own) if work.may_see(request) for each in work.to_do(request)
    ]
    context["panels"] = [
        {
            "name": panel.name, "title": panel.title, "template": panel.template,
            "as_of": min((each.as_of for name in panel.rolled for each in rolled[name].values()), default=None),
            "is_rolled": bool(panel.rolled), **panel.context(request, rolled, at=at),
        }
        for panel in panels
    ]
    return context


def _roles_of(request: HttpRequest) -> set[str]:
    """The names of the shipped roles that the user has."""
    groups = set(request.user.groups.values_list("name", flat=True))  # type: ignore[union-attr]
    return {role.name for role in roles.ROLES if role.group in groups}


def in_order(parts: "Iterable[Part]", names: set[str]) -> "list[Part]":
    """Panels or work lists, those of these roles first, otherwise in the order of registration."""
    return sorted(parts, key=lambda part: not any(role.name in names for role in part.first_for))


def table(columns: Sequence[str], rows: Iterable[tuple[Any, str, Sequence[tuple[str, str]]]]) -> dict[str, Any]:
    """A table of programmes: each with its page; for each column, what is shown and where it leads ("": nowhere)."""
    return {
        "columns": columns,
        "rows": [
            (record, page, [(column, *cell) for column, cell in zip(columns, cells, strict=True)])
            for record, page, cells in rows
        ],
    }


def may_view(request: HttpRequest, model: type[Model]) -> bool:
    """Whether the user may see the list of a model, by its admin."""
    model_admin = admin.site._registry.get(model)
    return model_admin is not None and model_admin.has_view_or_change_permission(request)


def list_url(model: type[Model], query: str = "") -> str:
    """The list of a model, narrowed by a query ("?show=due")."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + query


def chart(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float], Any]]) -> str:
    """Series (name, values, colour or colours) over labels, as Unfold's charts read them."""
    return json.dumps({
        "labels": list(labels),
        "datasets": [
            {"label": str(name), "data": list(values), "backgroundColor": colour, "borderColor": colour,
             "displayYAxis": True, "maxBarThickness": 64}
            for name, values, colour in series
        ],
    })
