"""Reading a stored file's bytes: what encoding it is in, and whether it is text at all."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from django.conf import settings

from operations.errors import FileRefusedError
from operations.imports.faults import Fault

BLOCK = 1 << 20
#: Blocks in a row without any line break: no list has such lines, and a line is held in memory whole.
MAX_UNBROKEN_BLOCKS = 4
BOM = codecs.BOM_UTF8
_BEYOND, _DOUBTFUL = re.compile("[\u0800-\U0010ffff]"), re.compile("[^\x00-\x7f]+")


class FileFacts(NamedTuple):
    """What a pass over the bytes tells."""

    encoding: str
    sha256: str
    size: int


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while block := stream.read(BLOCK):
        yield block


def refusal(code: str, *, line: int = 1, value: str = "", expected: str = "") -> FileRefusedError:
    """The error that refuses a file for one reason."""
    return FileRefusedError(Fault(line=line, column="", value=value, code=code, expected=expected))


def inspect_file(stream: BinaryIO) -> FileFacts:
    """Hash the bytes and find their encoding; FileRefusedError for what is no text in a known encoding."""
    digest, size, has_nul, head = hashlib.sha256(), 0, False, b""
    unbroken = longest = 0
    for block in _blocks(stream):
        head = head or block[:4096]
        digest.update(block)
        size += len(block)
        has_nul = has_nul or b"\0" in block
        unbroken = 0 if b"\n" in block or b"\r" in block else unbroken + 1
        longest = max(longest, unbroken)
    if not size:
        raise refusal("empty_file")
    if size > settings.IMPORT_FILE_MAX_BYTES:
        raise refusal("too_large", value=str(size), expected=str(settings.IMPORT_FILE_MAX_BYTES))
    if _looks_utf16(head):
        raise refusal("utf16")
    if has_nul:
        raise refusal("nul_bytes")
    if longest >= MAX_UNBROKEN_BLOCKS:
        raise refusal("no_line_breaks", expected=str(MAX_UNBROKEN_BLOCKS * BLOCK))
    return FileFacts(_encoding_of(stream, head), digest.hexdigest(), size)


def _looks_utf16(head: bytes) -> bool:
    """A byte order mark, or NULs on every other place that make commas and line ends of a text."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if even + odd <= len(head) // 16 or min(even, odd) * 8 >= max(even, odd):
        return False
    text = head.decode("utf-16-be" if even > odd else "utf-16-le", errors="ignore")
    return any(mark in text for mark in ",\r\n")


def _encoding_of(stream: BinaryIO, head: bytes) -> str:
    """UTF-8, else GB18030, both strictly: a wrong guess would show as an error, never as other characters.

    A file that says it is UTF-8 by its byte order mark is not tried as anything else. A few letters with accents, or
    Greek or Cyrillic ones, may be Chinese characters in GB18030 (é is 茅): where there is nothing else to tell by,
    nobody guesses. Chinese characters in UTF-8 are as good as never others in GB18030.
    """
    candidates = ("utf-8-sig",) if head.startswith(BOM) else ("utf-8", "gb18030")
    found = next((encoding for encoding in candidates if _is_encoded(stream, encoding)), None)
    if found is None:
        raise refusal("unknown_encoding")
    if found == "utf-8" and (doubtful := _doubtful(stream)):
        raise refusal("ambiguous_encoding", value=doubtful.decode(), expected=doubtful.decode("gb18030"))
    return found


def _doubtful(stream: BinaryIO) -> bytes:
    """The first letters beyond ASCII, where a text in UTF-8 has none beyond U+07FF; else nothing.

    Each of them has two bytes, which are a character of GB18030, too.
    """
    decoder, first = codecs.getincrementaldecoder("utf-8")(), ""
    for block in _blocks(stream):
        text = decoder.decode(block)
        if text.isascii():
            continue
        if _BEYOND.search(text):
            return b""
        first = first or _DOUBTFUL.search(text)[0]  # type: ignore[index]
    return first[:20].encode()


def _is_encoded(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for block in _blocks(stream):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
