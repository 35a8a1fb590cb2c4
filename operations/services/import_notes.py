"""What an operator should know of a workbook that was read: notes on the batch, in the reader's language."""

from collections.abc import Callable
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations.models import ImportBatch


def notes_in_words(batch: ImportBatch) -> list[str]:
    """The batch's notes, a sentence each."""
    return [WORDS[note["code"]](note) for note in batch.notes if note["code"] in WORDS]


def _sheet(note: dict[str, Any]) -> str:
    if note["is_hidden"]:
        return _("Read was the sheet “%(name)s”, which is hidden.") % note
    return _("Read was the sheet “%(name)s”.") % note


def _formulas(note: dict[str, Any]) -> str:
    words = ngettext(
        "%(count)s cell is a formula, %(first)s: its stored value was taken.",
        "%(count)s cells are formulas, the first %(first)s: their stored values were taken.", note["count"],
    )
    return words % {**note, "count": number_format(note["count"])}


def _hidden_rows(note: dict[str, Any]) -> str:
    words = ngettext(
        "A hidden row was read, too: %(ranges)s.", "%(count)s hidden rows were read, too: %(ranges)s.", note["count"]
    )
    return words % {"count": number_format(note["count"]), "ranges": _ranges(note)}


def _hidden_columns(note: dict[str, Any]) -> str:
    words = ngettext(
        "A hidden column was read, too: %(ranges)s.", "%(count)s hidden columns were read, too: %(ranges)s.",
        note["count"],
    )
    return words % {"count": number_format(note["count"]), "ranges": _ranges(note)}


def _ranges(note: dict[str, Any]) -> str:
    """As in "5-9, 12"; with an ellipsis where there are too many to name."""
    words = [str(first) if first == last else f"{first}-{last}" for first, last in note["ranges"]]
    return ", ".join([*words, "…"] if note.get("has_more") else words)


WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "sheet": _sheet, "formulas": _formulas, "hidden_rows": _hidden_rows, "hidden_columns": _hidden_columns,
}
