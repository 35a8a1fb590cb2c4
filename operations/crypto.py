"""Secrets at rest: sealed with AES-256-GCM by a ring of keys, and found again by a keyed hash.

settings.SECRETS_KEYS is the ring: the first key seals, all of them open. To change keys, put the new one first, run
`manage.py rotate_secrets`, then drop the old one. settings.SECRETS_HASH_KEY makes the hashes that are searched by; it
is a key of its own, since a hash cannot be made anew while others are looking for it: it stays.

What is sealed is bytes: a version (1), the key's number (4), a nonce (12), the ciphertext and its tag (16 more than the
text in UTF-8). The nonces are random, so a key is good for some four thousand million secrets.
"""

import base64
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _

from operations.errors import PlusdeskError

VERSION = b"\x01"
_NUMBER, _NONCE, _TAG = 4, 12, 16
#: What says by which key something is sealed: the version and the key's number.
HEAD = len(VERSION) + _NUMBER


class SecretsError(PlusdeskError):
    """A sealed secret cannot be read."""

    http_status = 500


class UnknownKeyError(SecretsError):
    """It was sealed by a key that the ring does not hold (any more)."""

    def __init__(self) -> None:
        super().__init__(_("This secret is sealed by a key that is not among the keys of this installation."))


class BrokenSealError(SecretsError):
    """It is no sealed secret, or not the one that was sealed."""

    def __init__(self) -> None:
        super().__init__(_("This secret is damaged: it is not what was sealed."))


@dataclass(frozen=True)
class _Key:
    """A key of the ring: what its secrets begin with, and the cipher."""

    head: bytes
    cipher: AESGCM


def seal(text: str) -> bytes:
    """`text` sealed by the first key; no two seals are alike."""
    return seal_many([text])[0]


def seal_many(texts: Iterable[str]) -> list[bytes]:
    """Each text sealed by the first key, in order; for a million at a time (some two seconds)."""
    plain = [text.encode() for text in texts]
    key = _ring()[0]
    # One call of the system for all nonces: asking for each takes as long as sealing it.
    nonces = os.urandom(_NONCE * len(plain))
    encrypt, head = key.cipher.encrypt, key.head
    return [
        head + (nonce := nonces[at : at + _NONCE]) + encrypt(nonce, text, head)
        for text, at in zip(plain, count(0, _NONCE), strict=False)
    ]


def open_sealed(sealed: bytes) -> str:
    """The text that was sealed; UnknownKeyError, BrokenSealError."""
    if sealed[: len(VERSION)] != VERSION or len(sealed) < HEAD + _NONCE + _TAG:
        raise BrokenSealError
    head, nonce = sealed[:HEAD], sealed[HEAD : HEAD + _NONCE]
    key = next((key for key in _ring() if key.head == head), None)
    if key is None:
        raise UnknownKeyError
    try:
        return key.cipher.decrypt(nonce, sealed[HEAD + _NONCE :], head).decode()
    except InvalidTag:
        raise BrokenSealError from None


def current_head() -> bytes:
    """What everything sealed from now on begins with; what begins otherwise is sealed by an older key."""
    return _ring()[0].head


def keyed_hash(text: str, *, purpose: str) -> bytes:
    """32 bytes by which `text` is found without being known: HMAC-SHA-256 by a key of that purpose.

    The same text has another hash for another purpose. It is hashed to the letter: who searches normalises first.
    """
    return hmac.digest(_hash_key(settings.SECRETS_HASH_KEY, purpose), text.encode(), "sha256")


def keyed_hash_many(texts: Iterable[str], *, purpose: str) -> list[bytes]:
    """The `keyed_hash` of each text, in order."""
    key, digest = _hash_key(settings.SECRETS_HASH_KEY, purpose), hmac.digest
    return [digest(key, text.encode(), "sha256") for text in texts]


def _ring() -> tuple[_Key, ...]:
    return _keys(tuple(settings.SECRETS_KEYS))


@lru_cache(maxsize=8)
def _keys(ring: tuple[str, ...]) -> tuple[_Key, ...]:
    """The keys of settings that look like `ring`."""
    return tuple(_key(base64.b64decode(text, validate=True)) for text in ring)


def _key(material: bytes) -> _Key:
    number = _derive(material, "number of a sealing key", _NUMBER)
    return _Key(VERSION + number, AESGCM(_derive(material, "sealing", 32)))


@lru_cache(maxsize=64)
def _hash_key(text: str, purpose: str) -> bytes:
    return _derive(base64.b64decode(text, validate=True), f"hashing: {purpose}", 32)


def _derive(material: bytes, info: str, length: int) -> bytes:
    """HKDF-SHA-256: a key for one use, from which neither the others nor the material can be told."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"plusdesk {info}".encode()).derive(material)
