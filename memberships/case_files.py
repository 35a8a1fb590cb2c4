"""What files a case note may carry: told by their bytes, not by their names. Pure functions."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from operations.errors import PlusdeskError

#: How files of each kind begin, and the ending under which they are handed back.
BEGINNINGS: Mapping[bytes, tuple[str, str]] = {
    b"%PDF-": ("application/pdf", ".pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", ".png"),
    b"\xff\xd8\xff": ("image/jpeg", ".jpg"),
}
TEXT = ("text/plain", ".txt")
#: As a form offers them.
ACCEPTED = ".pdf,.png,.jpg,.jpeg,.txt"
ENDINGS = {**dict(BEGINNINGS.values()), TEXT[0]: TEXT[1]}
MOST_FILES = 5


class AttachmentRefusedError(PlusdeskError):
    """A file that notes do not carry."""


class CaseFile(NamedTuple):
    """A file that passed: its name as given (at most 255 characters), its bytes and what they are."""

    name: str
    content: bytes
    content_type: str

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def checked_files(files: list[tuple[str, bytes]], *, most_bytes: int) -> list[CaseFile]:
    """The files (name, bytes) of a note, the same one once. AttachmentRefusedError says which is refused, and why."""
    if len(files) > MOST_FILES:
        raise AttachmentRefusedError(_("A note carries %(most)s files at the most.") % {"most": MOST_FILES})
    checked = [_checked(name, content, most_bytes=most_bytes) for name, content in files]
    # Of doubles the first counts.
    return list({file.sha256: file for file in reversed(checked)}.values())[::-1]


def _checked(name: str, content: bytes, *, most_bytes: int) -> CaseFile:
    if not content:
        raise AttachmentRefusedError(_("“%(name)s” is empty.") % {"name": name})
    if len(content) > most_bytes:
        raise AttachmentRefusedError(
            _("“%(name)s” has %(size)s; %(limit)s are accepted at most.")
            % {"name": name, "size": filesizeformat(len(content)), "limit": filesizeformat(most_bytes)}
        )
    content_type = _type_of(content)
    if content_type is None:
        raise AttachmentRefusedError(
            _("“%(name)s” is none of what notes carry: PDF, PNG, JPEG or plain text in UTF-8.") % {"name": name}
        )
    return CaseFile(name[-255:], content, content_type)


def _type_of(content: bytes) -> str | None:
    for beginning, (content_type, _ending) in BEGINNINGS.items():
        if content.startswith(beginning):
            return content_type
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else TEXT[0]
