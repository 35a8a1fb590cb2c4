"""What names are found by: pairs of characters that stand in them, and their initials in pinyin.

Both are functions of PostgreSQL (sql/names/), indexed as expressions. So they are right after every change of a name,
whoever makes it, and gone with the name when it is erased; there is no column to keep, to fill or to mask.
"""

import unicodedata
from itertools import pairwise
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Func, TextField, Value

#: Keys that lie in one span, as in sql/names/pairs.sql.
SPAN = 32_768


class NamePairs(Func):
    """The pairs of neighbouring characters of a name, and the span of the record's key."""

    function = "name_pairs"
    output_field = ArrayField(BigIntegerField())

    def __init__(self, name: str, key: str) -> None:
        super().__init__(name, key)


class NameInitials(Func):
    """The initials of a name; of a person's, the family name is read as one."""

    function = "name_initials"
    output_field = TextField()

    def __init__(self, name: Any, *, is_person: bool = False) -> None:
        super().__init__(name, *([Value(True)] if is_person else []))


def pairs_of(text: str) -> list[int]:
    """The pairs that every name with this text in it has."""
    return sorted({ord(first) << 21 | ord(second) for first, second in pairwise(text)})


def span_of(key: int) -> int:
    """The span that a key lies in."""
    return key // SPAN


def mark_of(span: int) -> int:
    """What a span is called among the pairs."""
    return -1 - span


def as_initials(term: str) -> str:
    """What was typed, where it may be initials: letters and digits, a letter among them; blank otherwise."""
    plain = unicodedata.normalize("NFKC", term).lower()
    is_taken = plain.isascii() and plain.isalnum() and not plain.isdecimal() and len(plain) > 1
    return plain if is_taken else ""
