"""The rows of a list, drawn in two thirds of the time: what is the same for all of them is reckoned once.

Unfold reckons all headers of a list anew for each of its rows, renders the box that chooses a row as a form's widget,
and each label ("active", "overdue") as a page of its own. All come out the same here. Whatever Unfold becomes,
`test_lists_are_drawn_as_unfold_draws_them` compares.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from unfold.admin import checkbox
from unfold.decorators import display
from unfold.templatetags import unfold_list

PLACE = "a-key"
_headers_of, _draw_label = unfold_list.result_headers, unfold_list.display_for_label


def headers_once(cl: Any) -> Iterator[dict[str, Any]]:
    """The headers of a list; reckoned when they are asked for first."""
    if not hasattr(cl, "headers_of_rows"):
        cl.headers_of_rows = list(_headers_of(cl))
    return iter(cl.headers_of_rows)


def labels_once(value: Any, empty: Any, labels: Any) -> SafeString:
    """A label; drawn when it is asked for first, in each language."""
    if not isinstance(labels, dict) or isinstance(value, list):
        drawn: SafeString = _draw_label(value, empty, labels)
        return drawn
    plain = (value[0], *map(str, value[1:])) if isinstance(value, tuple) else str(value)
    return _label(plain, str(empty), tuple(labels.items()))


@lru_cache(maxsize=2_000)
def _label(value: Any, empty: str, labels: tuple[tuple[Any, Any], ...]) -> SafeString:
    drawn: SafeString = _draw_label(value, empty, dict(labels))
    return drawn


@cache
def _box(_language: str | None) -> tuple[str, str]:
    """The box that chooses a row, before its key and after it."""
    before, _place, after = checkbox.render(ACTION_CHECKBOX_NAME, PLACE).partition(PLACE)
    return before, after


class QuickRows:
    """For an admin: the box of a row without a template."""

    @display(description=mark_safe(checkbox.render("action_toggle_all", 1)))  # nosec B308 B703
    def action_checkbox(self, obj: Model) -> SafeString:
        before, after = _box(get_language())
        return mark_safe(f"{before}{escape(obj.pk)}{after}")  # nosec B308 B703


def draw_lists_quickly() -> None:
    """Have Unfold ask `headers_once` and `labels_once`."""
    unfold_list.result_headers, unfold_list.display_for_label = headers_once, labels_once
