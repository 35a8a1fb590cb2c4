"""The columns of a list as cells of a file: what the page shows, but numbers as numbers and days as days."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any, NamedTuple, cast

from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import Field, Model
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from operations.imports.exports import Cell

#: What pages show where there is nothing.
NOTHING = ("–", "-", "")
#: A figure as columns write it: signed, grouped or with decimals, perhaps with its currency.
_FIGURE = re.compile(r"(?=.*[+\-,.])[+-]?\d{1,3}(?:(?:,\d{3})*|\d*)(?:\.\d+)?(?: CNY)?")
_LINE_END = re.compile(r"<br */?>|</(?:div|p|li)>")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: What cells hold as it is.
KEPT_AS_IT_IS = (bool, int, Decimal, date, datetime, str)
#: Markup that is one element around words, as most columns write it: the words are those between.
_ELEMENT = re.compile(r"<(\w+)(?: [^<>]*)?>([^<>]*)</\1>")


class Column(NamedTuple):
    """A column of a file: its header, and what it says of a record."""

    header: str
    cell: Callable[[Any], Cell]


def columns_of(model_admin: Any, names: Any) -> list[Column]:
    """The columns that a list shows, by their names in `list_display`; in the language of the moment."""
    return [
        Column(
            capfirst(str(label_for_field(name, model_admin.model, model_admin))), _reader(model_admin, name)
        )
        for name in names if name != "action_checkbox"
    ]


def _reader(model_admin: Any, name: Any) -> Callable[[Any], Cell]:
    """What stands in a column, as Django's `lookup_field` finds it, but looked up once and not for every row."""
    field = _field_of(model_admin.model, name)
    if field is not None:
        return _unless_missing(_field_reader(field))
    read, is_text = _method_of(model_admin, name), name in model_admin.export_as_text
    is_boolean = bool(getattr(read or getattr(model_admin.model, name, None), "boolean", False))
    return _unless_missing(lambda record: _shown(
        lookup_field(name, record, model_admin)[2] if read is None else read(record),
        is_text=is_text, is_boolean=is_boolean,
    ))  # fmt: skip


def _method_of(model_admin: Any, name: Any) -> Callable[[Any], Any] | None:
    """What the list asks about a record; None where the record itself is asked."""
    if callable(name):
        return cast(Callable[[Any], Any], name)
    return None if name == "__str__" else getattr(model_admin, name, None)


def _field_of(model: type[Model], name: Any) -> "Field[Any, Any] | None":
    """The column of the table of that name, if it is one."""
    try:
        return cast("Field[Any, Any]", model._meta.get_field(name)) if isinstance(name, str) else None
    except FieldDoesNotExist:
        return None


def _unless_missing(read: Callable[[Any], Cell]) -> Callable[[Any], Cell]:
    def cell(record: Model) -> Cell:
        try:
            return read(record)
        except ObjectDoesNotExist:
            return None

    return cell


def _field_reader(field: "Field[Any, Any]") -> Callable[[Any], Cell]:
    """What stands in a column of the table; codes and keys are texts, whatever digits they have."""
    name = field.name
    if getattr(field, "flatchoices", None):
        words = {None: None, **{value: str(label) for value, label in field.flatchoices}}
        return lambda record: words.get(getattr(record, name), str(getattr(record, name)))

    def cell(record: Model) -> Cell:
        value = getattr(record, name)
        return value if value is None or isinstance(value, KEPT_AS_IT_IS) else str(value)

    return cell


def _shown(value: Any, *, is_text: bool, is_boolean: bool) -> Cell:
    """What a method of the list gives: words, a label with its state before it, HTML."""
    if isinstance(value, tuple | list):
        # Unfold's labels are (state, words), its headers [words, more words, …].
        value = value[-1] if isinstance(value, tuple) else " ".join(str(part) for part in value if part)
    if value is None or is_boolean:
        return None if value is None else bool(value)
    if isinstance(value, KEPT_AS_IT_IS) and not isinstance(value, str):
        return cast(Cell, value)
    words = _without_markup(value) if isinstance(value, SafeString) else str(value)
    return words if is_text else _read(words)


def _without_markup(markup: SafeString) -> str:
    """The words of a piece of HTML. Django's parser costs as much as all other cells of a row, so it is spared."""
    if "<" not in markup:
        return unescape(markup).strip()
    element = _ELEMENT.fullmatch(markup)
    # A blank where a line or a block ends.
    return unescape(element[2] if element else strip_tags(_LINE_END.sub(" ", markup))).strip()


def _read(words: str) -> Cell:
    """A figure or a day that was written out for people as what it is."""
    if words in NOTHING:
        return None
    if _DAY.fullmatch(words):
        return date.fromisoformat(words)
    if _FIGURE.fullmatch(words):
        digits = words.removesuffix(" CNY").replace(",", "")
        return Decimal(digits) if "." in digits else int(digits)
    return words
