"""What becomes of a cell's text before any rule is asked, worked out one character at a time."""

import unicodedata

import polars as pl


def trimmed(text: str) -> str | None:
    """NFKC, without white space and unseen marks at its ends; None when nothing is left."""
    normal = unicodedata.normalize("NFKC", text)
    while normal and is_unseen(normal[0]):
        normal = normal[1:]
    while normal and is_unseen(normal[-1]):
        normal = normal[:-1]
    return normal or None


def is_unseen(character: str) -> bool:
    """White space or a format mark, by the engine's own tables: Python's may be of another year."""
    return bool(pl.Series([character]).str.contains(r"^[\p{Cf}\s]$")[0])
