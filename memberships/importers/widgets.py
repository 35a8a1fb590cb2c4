"""How cells of members, programmes, days and points become values; see operations/imports/widgets.py."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from memberships.models import AdjustmentReason, Programme
from operations.imports.widgets import (
    SEPARATOR,
    SEPARATORS,
    SPREADSHEET_NUMBER,
    CellError,
    Folding,
    RecordWidget,
    TextWidget,
    is_whole,
    unambiguous,
)
from operations.owners import key_of, number_of


class MemberNumberWidget(TextWidget):
    """A member number, as we write it. Says nothing about whether there is such a member."""

    folding = Folding.NFKC

    DIGITS = r"[0-9]{11,19}"
    LONGEST = 19
    #: Shorter ones have zeros before them (operations/owners.py).
    SHORTEST = 11

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if re.fullmatch(SPREADSHEET_NUMBER, str(value)):
            raise CellError("spreadsheet_number")
        number = SEPARATOR.sub("", str(value))
        key = key_of(number) if re.fullmatch(self.DIGITS, number) else None
        if key is None:
            raise CellError("bad_member_number")
        return number_of(key)

    def value(self, text: pl.Expr) -> pl.Expr:
        return self._number(text).str.strip_chars_start("0").str.zfill(self.SHORTEST)

    def fault(self, text: pl.Expr) -> pl.Expr:
        number = self._number(text)
        is_one = is_whole(number, self.DIGITS) & (self._luhn_sum(number) % 10 == 0)
        return (
            pl.when(is_whole(text, SPREADSHEET_NUMBER)).then(pl.lit("spreadsheet_number"))
            .when(text.is_not_null() & ~is_one.fill_null(False)).then(pl.lit("bad_member_number"))
        )

    def _number(self, text: pl.Expr) -> pl.Expr:
        return text.str.replace_all(SEPARATORS, "")

    def _luhn_sum(self, number: pl.Expr) -> pl.Expr:
        """The digits from the right, every second one doubled; zeros before them change nothing."""
        padded = number.str.zfill(self.LONGEST)

        def digit(place: int) -> pl.Expr:
            return padded.str.slice(place, 1).cast(pl.Int32, strict=False)

        def doubled(place: int) -> pl.Expr:
            return digit(place) * 2 - pl.when(digit(place) > 4).then(9).otherwise(0)

        # The last digit is not doubled, and it stands on an even place.
        return pl.sum_horizontal(*(doubled(place) if place % 2 else digit(place) for place in range(self.LONGEST)))


class ProgrammeWidget(RecordWidget):
    """A programme, by its code or by its name in either language."""

    code = "unknown_programme"

    def __init__(self, programmes: Iterable[Programme]) -> None:
        self.programmes = {programme.pk: programme for programme in programmes}
        super().__init__(unambiguous(
            (word, str(programme.pk))
            for programme in self.programmes.values() for word in (programme.code, programme.name, programme.name_en)
        ))

    @property
    def expected(self) -> str:
        return ", ".join(programme.code for programme in self.programmes.values())

    def name(self, programme_id: int) -> str:
        """The programme's name in the language of the moment."""
        return str(self.programmes.get(programme_id) or Programme.objects.get(pk=programme_id))


class ReasonWidget(RecordWidget):
    """A reason of adjustments, by its code or by its name in either language; a word that two have means neither."""

    code = "unknown_reason"

    def __init__(self, reasons: Iterable[AdjustmentReason]) -> None:
        self.reasons = {reason.code: reason for reason in reasons}
        super().__init__(unambiguous(
            (word, reason.code)
            for reason in self.reasons.values() for word in (reason.code, reason.name, reason.name_en)
        ))

    @property
    def expected(self) -> str:
        return ", ".join(self.reasons)

    def name(self, code: str) -> str:
        """The reason's name in the language of the moment."""
        return str(self.reasons.get(code, code))


class SlugWidget(TextWidget):
    """A short name of small letters, digits and hyphens; capitals are read as small ones."""

    folding = Folding.NFKC

    PATTERN = r"[a-z0-9][a-z0-9_-]*"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(super().clean(value, row, **kwargs)).lower()
        if not re.fullmatch(self.PATTERN, text):
            raise CellError("bad_slug")
        return text

    def value(self, text: pl.Expr) -> pl.Expr:
        return text.str.to_lowercase()

    def fault(self, text: pl.Expr) -> pl.Expr:
        is_broken = text.is_not_null() & ~is_whole(text.str.to_lowercase(), self.PATTERN)
        return pl.coalesce(super().fault(text), pl.when(is_broken).then(pl.lit("bad_slug")))


class DateWidget(TextWidget):
    """A day: year, month, day, between hyphens, slashes, points or 年月日. Nothing else is guessed.

    A time of day behind a blank, as spreadsheets show it, is one of that day. ISO's instants (…T10:00Z) are refused:
    their day is another one elsewhere.
    """

    folding = Folding.NFKC

    CLOCK = r"(?: (?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?)?"
    PATTERN = rf"((?:19|20)[0-9]{{2}})[-/.年]([0-9]{{1,2}})[-/.月]([0-9]{{1,2}})日?{CLOCK}"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date:
        match = re.fullmatch(self.PATTERN, str(value))
        if not match:
            raise CellError("bad_date")
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            raise CellError("bad_date") from None

    def value(self, text: pl.Expr) -> pl.Expr:
        pattern = rf"\A{self.PATTERN}\z"
        parts = [text.str.extract(pattern, place).str.zfill(2) for place in (1, 2, 3)]
        return pl.concat_str(parts, separator="-").str.to_date("%Y-%m-%d", strict=False)

    def fault(self, text: pl.Expr) -> pl.Expr:
        return pl.when(text.is_not_null() & self.value(text).is_null()).then(pl.lit("bad_date"))


class PointsWidget(TextWidget):
    """Whole points, with a sign where they may be taken; thousands separators may stand between."""

    folding = Folding.NFKC

    def __init__(self, *, is_signed: bool = False) -> None:
        super().__init__()
        sign = "[+-]?" if is_signed else r"\+?"
        self.pattern = rf"({sign}(?:[0-9]{{1,12}}|[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,3}}))"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        if not re.fullmatch(self.pattern, str(value)):
            raise CellError("bad_points")
        return int(str(value).replace(",", ""))

    def value(self, text: pl.Expr) -> pl.Expr:
        found = text.str.extract(rf"\A{self.pattern}\z", 1)
        return found.str.replace_all(",", "", literal=True).str.strip_prefix("+").cast(pl.Int64, strict=False)

    def fault(self, text: pl.Expr) -> pl.Expr:
        return pl.when(text.is_not_null() & self.value(text).is_null()).then(pl.lit("bad_points"))
