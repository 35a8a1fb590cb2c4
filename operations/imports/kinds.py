"""What an uploaded file is: told by how it begins; its name must not say otherwise."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import IO

from operations.imports.files import refusal
from operations.imports.workbooks import XLSX

#: What an XLSX begins with, as all ZIP archives do, and what an XLS or an encrypted workbook does.
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TEXT = "text"
#: By the ending of its name, what a file says it is. Nothing is expected of others.
ENDINGS = {
    ".xlsx": XLSX, ".xlsm": XLSX, ".xltx": XLSX, ".xltm": XLSX, ".xls": "xls", ".xlsb": "xlsb", ".ods": "ods",
    ".csv": TEXT, ".txt": TEXT, ".tsv": TEXT,
}
#: The part of an encrypted workbook that holds it, as it stands in the directory of the OLE file.
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MAX_NAME = 255
#: Marks that turn the direction of writing, so that a name reads as another, and separators of lines.
_UNSEEN = re.compile("[\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\ufffe\uffff]")
BLOCK = 1 << 20


def kind_of_file(stream: IO[bytes], name: str) -> str:
    """XLSX or TEXT; FileRefusedError for other kinds, and for a name that says otherwise."""
    stream.seek(0)
    head = stream.read(len(OLE_MAGIC))
    if not head:
        raise refusal("empty_file")
    if head == OLE_MAGIC:
        raise refusal("encrypted_workbook" if _holds(stream, ENCRYPTED) else "old_workbook")
    found = XLSX if head.startswith(ZIP_MAGICS) else TEXT
    ending = PurePosixPath(name).suffix.lower()
    said = ENDINGS.get(ending, found)
    # Other archives are told from workbooks by what is in them.
    if said != found and not (found == XLSX and said in ("xlsb", "ods")):
        raise refusal("named_otherwise", value=ending, expected="XLSX" if found == XLSX else "CSV")
    return found


def _holds(stream: IO[bytes], mark: bytes) -> bool:
    rest = b""
    while block := stream.read(BLOCK):
        if mark in rest + block:
            return True
        rest = block[-len(mark) :]
    return False


def is_plain_name(name: str) -> bool:
    """Whether a file's name is a name and nothing else: no part of a path, no control character."""
    if not name.strip() or name in (".", "..") or len(name) > MAX_NAME or "/" in name or "\\" in name:
        return False
    return not _UNSEEN.search(name) and not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name)


def shown_name(name: str) -> str:
    """The name with signs for what it may not hold, so that it can be kept and shown."""
    shown = "".join(
        "\ufffd" if unicodedata.category(letter) in ("Cc", "Cs") or _UNSEEN.match(letter) else letter for letter in name
    )
    return shown[:MAX_NAME]
