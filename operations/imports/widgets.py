"""How a cell becomes a value: django-import-export widgets with a set-based twin in polars.

`clean()` is the rule for one cell, by the libraries that define it (stdnum, Django's validators). `value()`
and `fault()` are the same rule as expressions over a column of a million cells; a property test holds the
twins together. Cells come trimmed, and folded as far as the widget says; blank ones are null and never reach a rule.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

import polars as pl
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils import translation
from import_export.widgets import Widget
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum

# Hyphens and white space that people put into codes and phones (NFKC has folded most of them), and what cannot be
# seen at all: marks of writing direction and the like, which come along when a number is copied.
SEPARATORS = r"[ \t-\r\u0085\u00AD\u2010-\u2015\u200B-\u200F\u2028-\u202E\u2060\u2212\uFEFF\-]"
SEPARATOR = re.compile(SEPARATORS)
# 1.10105E+17, 1E+17, 13800138000.0; but not 12E34 or 2024.10, which may be somebody's code.
SPREADSHEET_NUMBER = r"[+-]?[0-9]+\.0+|[+-]?[0-9]+\.[0-9]+[Ee][+-]?[0-9]+|[+-]?[0-9]+[Ee][+-][0-9]+"
NO_FAULT = pl.lit(None, dtype=pl.String)


def is_whole(text: pl.Expr, pattern: str) -> pl.Expr:
    """Whether each cell of a column matches from end to end: re.fullmatch() for many."""
    return text.str.contains(rf"\A(?:{pattern})\z")


class CellError(ValidationError):
    """A cell that breaks a rule; `code` is the fault's."""

    def __init__(self, code: str) -> None:
        super().__init__(code, code=code)


def by_distinct(rule: Callable[[str], Any], dtype: Any) -> Callable[[pl.Series], pl.Series]:
    """`rule` applied once to each distinct value of a column, for columns with few of them."""

    def apply(column: pl.Series) -> pl.Series:
        distinct = column.drop_nulls().unique()
        if distinct.is_empty():
            return pl.Series(column.name, [None] * len(column), dtype=dtype)
        results = pl.Series([rule(text) for text in distinct.to_list()], dtype=dtype)
        return column.replace_strict(distinct, results, default=None, return_dtype=dtype)

    return apply


class Folding(Enum):
    """What of a cell's text counts as the same text, and is kept in one form."""

    #: Nothing: it is kept to the letter.
    NONE = "none"
    #: Full-width letters, digits and brackets: of names, and of other people's codes, which are compared.
    WIDTH = "width"
    #: All that Unicode says is compatible: of what has one form only, such as amounts, days and words of a choice.
    NFKC = "NFKC"


class TextWidget(Widget):
    """Text kept as it is, up to a length."""

    folding = Folding.WIDTH

    #: Whether it says how much there is of something: a file has a number there.
    is_number = False

    def __init__(self, max_length: int | None = None) -> None:
        super().__init__()
        self.max_length = max_length

    @property
    def expected(self) -> str:
        """What a fault says was expected."""
        return str(self.max_length or "")

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        """The value of one cell; CellError when it breaks the rule."""
        text = str(value)
        if self.max_length and len(text) > self.max_length:
            raise CellError("too_long")
        return text

    def value(self, text: pl.Expr) -> pl.Expr:
        """The values of a column; anything where `fault` is not null."""
        return text

    def fault(self, text: pl.Expr) -> pl.Expr:
        """The fault codes of a column, null where a cell is right."""
        if not self.max_length:
            return NO_FAULT
        return pl.when(text.str.len_chars() > self.max_length).then(pl.lit("too_long"))


class ProseWidget(TextWidget):
    """What somebody says in sentences, whose marks are full-width ones in Chinese."""

    folding = Folding.NONE


class CodeWidget(TextWidget):
    """A code of somebody else's: kept as text, refused where a spreadsheet has made a number of it."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        if re.fullmatch(SPREADSHEET_NUMBER, str(value)):
            raise CellError("spreadsheet_number")
        return super().clean(value, row, **kwargs)

    def fault(self, text: pl.Expr) -> pl.Expr:
        return (
            pl.when(is_whole(text, SPREADSHEET_NUMBER)).then(pl.lit("spreadsheet_number"))
            .otherwise(super().fault(text))
        )


class CreditCodeWidget(TextWidget):
    """A unified social credit code (GB 32100-2015), without separators, in capitals."""

    folding = Folding.NFKC

    ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    PATTERN = rf"[0-9]{{8}}[{ALPHABET}]{{10}}"
    WEIGHTS = tuple(pow(3, place, 31) for place in range(17))

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if re.fullmatch(SPREADSHEET_NUMBER, str(value)):
            raise CellError("spreadsheet_number")
        code = SEPARATOR.sub("", str(value)).upper()
        # Asked first: the library also takes look-alikes of digits, which nothing here turns into digits.
        if not re.fullmatch(self.PATTERN, code):
            raise CellError("bad_credit_code")
        try:
            return str(uscc.validate(code))
        except InvalidChecksum:
            raise CellError("credit_code_checksum") from None

    def value(self, text: pl.Expr) -> pl.Expr:
        return text.str.replace_all(SEPARATORS, "").str.to_uppercase()

    def fault(self, text: pl.Expr) -> pl.Expr:
        code = self.value(text)
        digits = pl.Enum(list(self.ALPHABET))

        def digit(place: int) -> pl.Expr:
            return code.str.slice(place, 1).cast(digits, strict=False).to_physical().cast(pl.Int32)

        total = pl.sum_horizontal(*(digit(place) * weight for place, weight in enumerate(self.WEIGHTS)))
        return (
            pl.when(is_whole(text, SPREADSHEET_NUMBER)).then(pl.lit("spreadsheet_number"))
            .when(~is_whole(code, self.PATTERN)).then(pl.lit("bad_credit_code"))
            .when((31 - total % 31) % 31 != digit(17)).then(pl.lit("credit_code_checksum"))
        )


class MobileWidget(TextWidget):
    """A mainland mobile number: its 11 digits, without separators and country code."""

    folding = Folding.NFKC

    PATTERN = r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if re.fullmatch(SPREADSHEET_NUMBER, str(value)):
            raise CellError("spreadsheet_number")
        match = re.fullmatch(self.PATTERN, SEPARATOR.sub("", str(value)))
        if not match:
            raise CellError("bad_mobile")
        return match.group(1)

    def value(self, text: pl.Expr) -> pl.Expr:
        return text.str.replace_all(SEPARATORS, "").str.extract(rf"\A{self.PATTERN}\z", 1)

    def fault(self, text: pl.Expr) -> pl.Expr:
        return (
            pl.when(is_whole(text, SPREADSHEET_NUMBER)).then(pl.lit("spreadsheet_number"))
            .when(text.is_not_null() & self.value(text).is_null()).then(pl.lit("bad_mobile"))
        )


class EmailWidget(TextWidget):
    """An e-mail address, by Django's validator."""

    folding = Folding.NFKC

    # What nearly all addresses look like; every one of these passes the validator. The others are asked one by one.
    COMMON = r"[A-Za-z0-9_]+([.+-][A-Za-z0-9_]+)*@[A-Za-z0-9]{1,60}(\.[A-Za-z0-9]{1,60}){0,3}\.[A-Za-z]{2,12}"
    validate = EmailValidator()

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value)
        if not self._is_valid(text):
            raise CellError("bad_email")
        return text

    def _is_valid(self, text: str) -> bool:
        try:
            self.validate(text)
        except ValidationError:
            return False
        return len(text) <= 254

    def fault(self, text: pl.Expr) -> pl.Expr:
        uncommon = pl.when(~is_whole(text, self.COMMON) | (text.str.len_chars() > 254)).then(text)
        is_valid = uncommon.map_batches(by_distinct(self._is_valid, pl.Boolean), return_dtype=pl.Boolean)
        return pl.when(~is_valid).then(pl.lit("bad_email"))


def folded(word: str) -> str:
    """A word as it is looked up: width and letter case do not matter."""
    return unicodedata.normalize("NFKC", word).casefold()


class ChoiceWidget(TextWidget):
    """One of a few values, each with the words that mean it, the Chinese one first."""

    folding = Folding.NFKC

    code = "bad_choice"

    def __init__(self, words: Mapping[str, str]) -> None:
        super().__init__()
        self.words = words
        self.meanings = {folded(word): value for word, value in words.items()}

    @property
    def expected(self) -> str:
        return ", ".join(self.words)

    def meaning(self, text: str) -> str | None:
        """The value a cell means, None when it means nothing."""
        return self.meanings.get(folded(text))

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        meaning = self.meaning(str(value))
        if meaning is None:
            raise CellError(self.code)
        return meaning

    def value(self, text: pl.Expr) -> pl.Expr:
        return text.map_batches(by_distinct(self.meaning, pl.String), return_dtype=pl.String)

    def fault(self, text: pl.Expr) -> pl.Expr:
        return pl.when(text.is_not_null() & self.value(text).is_null()).then(pl.lit(self.code))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """The value in an export: its Chinese word, or itself in other languages."""
        if not (translation.get_language() or "zh").startswith("zh"):
            return str(value or "")
        return next((word for word, meaning in self.words.items() if meaning == value), str(value or ""))


def unambiguous(meanings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By folded word what it means, of words and their meanings; without those that mean more than one thing."""
    meant: dict[str, set[str]] = defaultdict(set)
    for word, meaning in meanings:
        meant[folded(word)].add(meaning)
    return {word: meaning for word, (meaning, *others) in meant.items() if not others}


class RecordWidget(ChoiceWidget):
    """One of the records that there are, each with the words that mean it."""

    def name(self, key: Any) -> str:
        """The record's name in the language of the moment."""
        raise NotImplementedError


class FlagsWidget(ChoiceWidget):
    """Several of a few values, between commas, semicolons, 、, |, / or spaces; an array literal for PostgreSQL."""

    def meaning(self, text: str) -> str | None:
        words = [word for word in re.split(r"[,;、|/\s]+", text) if word]
        values = [super(FlagsWidget, self).meaning(word) for word in words]
        known = sorted({value for value in values if value})
        return "{" + ",".join(known) + "}" if known and None not in values else None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ",".join(super(FlagsWidget, self).render(flag) for flag in value or [])


class AmountWidget(TextWidget):
    """Yuan with at most two decimals; thousands separators, ¥ and 元 may stand around it."""

    folding = Folding.NFKC

    is_number = True

    PATTERN = r"¥? ?([0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(\.[0-9]{1,2})? ?元?"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal:
        match = re.fullmatch(self.PATTERN, str(value))
        if not match:
            raise CellError("bad_amount")
        return Decimal(match.group(1).replace(",", "") + (match.group(2) or ""))

    def value(self, text: pl.Expr) -> pl.Expr:
        pattern = rf"\A{self.PATTERN}\z"
        whole = text.str.extract(pattern, 1).str.replace_all(",", "", literal=True)
        return whole + text.str.extract(pattern, 2).fill_null("")

    def fault(self, text: pl.Expr) -> pl.Expr:
        return pl.when(text.is_not_null() & self.value(text).is_null()).then(pl.lit("bad_amount"))


class WholeNumberWidget(TextWidget):
    """A whole number of at most four digits."""

    folding = Folding.NFKC

    is_number = True

    PATTERN = r"[0-9]{1,4}"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        if not re.fullmatch(self.PATTERN, str(value)):
            raise CellError("bad_whole_number")
        return int(value)

    def value(self, text: pl.Expr) -> pl.Expr:
        return pl.when(is_whole(text, self.PATTERN)).then(text).cast(pl.Int32, strict=False)

    def fault(self, text: pl.Expr) -> pl.Expr:
        return pl.when(~is_whole(text, self.PATTERN)).then(pl.lit("bad_whole_number"))
