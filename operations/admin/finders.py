"""What the box of the header finds. Each floor registers a finder for each sort of record that is looked for.

A finder asks only what an index answers, a bounded number of rows of it, and shows nothing that is masked elsewhere.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

from operations import registry
from operations.admin.search import SearchKind, find_keys

#: Records of a sort that are shown at the most; who needs more, types more.
MOST_FOUND = 20
#: As many characters are looked at, and as few.
LONGEST, SHORTEST = 200, 2


class Found(NamedTuple):
    """A record: what it is called, what tells it from others (masked), its page."""

    title: str
    detail: str
    url: str


class Findings(NamedTuple):
    """What a finder found, and whether there is more of it."""

    label: str
    icon: str
    found: list[Found]
    has_more: bool


class Finder:
    """One sort of record. It is shown to those who may see the list of its model."""

    name: str
    model: type[Model]
    icon: str
    kinds: Sequence[SearchKind]

    def may_find(self, request: HttpRequest) -> bool:
        """By the admin of the model."""
        model_admin = admin.site._registry.get(self.model)
        return model_admin is not None and model_admin.has_view_or_change_permission(request)

    def records(self) -> QuerySet[Any]:
        """The records with all that `describe` reads of them."""
        return self.model._default_manager.all()

    def describe(self, record: Any) -> Found:
        """How a record is shown; without a query."""
        raise NotImplementedError

    def find(self, term: str, *, limit: int = MOST_FOUND) -> Findings:
        """The newest `limit` of what the kinds find."""
        keys = self.shown(
            find_keys(self.model._default_manager.all(), self.kinds, term, with_private=True, limit=limit).keys
        )
        found = self.records().filter(pk__in=keys).order_by("-pk")[:limit] if keys else ()
        label = capfirst(str(self.model._meta.verbose_name_plural))
        return Findings(label, self.icon, [self.describe(record) for record in found], len(keys) > limit)

    def shown(self, keys: list[Any]) -> list[Any]:
        """The keys of the records that are shown for those that were found."""
        return keys

    def page_of(self, record: Model) -> str:
        """The page of a record."""
        return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


def readable(text: str) -> str:
    """What was typed, as it is looked for: trimmed and cut; blank where it can be nothing."""
    term = text.replace("\0", "").strip()[:LONGEST]
    return term if len(term) >= SHORTEST else ""


def find_all(request: HttpRequest, text: str, *, limit: int = MOST_FOUND) -> list[Findings]:
    """What is found of what the user may see, in the order of registration; sorts without any left out."""
    term = readable(text)
    asked = [finder.find(term, limit=limit) for finder in registry.finders if term and finder.may_find(request)]
    return [findings for findings in asked if findings.found]
