"""What becomes of a cell's text before any rule is asked, worked out one character at a time."""

import unicodedata

import polars as pl

from operations.imports.widgets import Folding
from operations.widths import fold_width


def trimmed(text: str, folding: Folding = Folding.NFKC) -> str | None:
    """Folded, without white space and unseen marks at its ends; None when nothing is left.

    Prose keeps those marks beside a text.
    """
    plain = unicodedata.normalize("NFKC", text) if folding is Folding.NFKC else text
    plain = fold_width(plain) if folding is Folding.WIDTH else plain
    bare = plain
    while bare and is_unseen(bare[0]):
        bare = bare[1:]
    while bare and is_unseen(bare[-1]):
        bare = bare[:-1]
    if folding is not Folding.NONE:
        return bare or None
    return pl.Series([text]).str.strip_chars()[0] if bare else None


def is_unseen(character: str) -> bool:
    """White space or a format mark, by the engine's own tables: Python's may be of another year."""
    return bool(pl.Series([character]).str.contains(r"^[\p{Cf}\s]$")[0])
