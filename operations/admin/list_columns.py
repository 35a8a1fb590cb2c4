"""The columns of a list as cells of a file: what the page shows, but numbers as numbers and days as days."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any, NamedTuple

from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Field, Model
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from operations.imports.exports import Cell

#: What pages show where there is nothing.
NOTHING = ("–", "-", "")
#: A figure as columns write it: signed, grouped or with decimals, perhaps with its currency.
_FIGURE = re.compile(r"(?=.*[+\-,.])[+-]?\d{1,3}(?:(?:,\d{3})*|\d*)(?:\.\d+)?(?: CNY)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


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
    is_text = name in model_admin.export_as_text

    def cell(record: Model) -> Cell:
        try:
            field, attribute, value = lookup_field(name, record, model_admin)
        except ObjectDoesNotExist:
            return None
        if field is not None:
            return _of_field(field, record, value)
        return _shown(value, is_text=is_text, is_boolean=bool(getattr(attribute, "boolean", False)))

    return cell


def _of_field(field: "Field[Any, Any]", record: Model, value: Any) -> Cell:
    """What stands in a column of the table; codes and keys are texts, whatever digits they have."""
    if getattr(field, "flatchoices", None):
        return str(getattr(record, f"get_{field.name}_display")())
    if field.is_relation:
        value = getattr(record, field.name)
    if value is None or isinstance(value, bool | int | Decimal | date | datetime | str):
        return value
    return str(value)


def _shown(value: Any, *, is_text: bool, is_boolean: bool) -> Cell:
    """What a method of the list gives: words, a label with its state before it, HTML."""
    if isinstance(value, tuple | list):
        # Unfold's labels are (state, words), its headers [words, more words, …].
        value = value[-1] if isinstance(value, tuple) else " ".join(str(part) for part in value if part)
    if value is None or is_boolean:
        return None if value is None else bool(value)
    if isinstance(value, bool | int | Decimal | date | datetime):
        return value
    words = unescape(strip_tags(value)) if isinstance(value, SafeString) else str(value)
    words = words.strip() if isinstance(value, SafeString) else words
    return words if is_text else _read(words)


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
