"""Signatures between us and the sandbox gateway: HMAC-SHA256 under a secret that both sides hold.

A request's signature covers method, path with query, time, idempotency key and body. An answer's covers the signature
of the request it answers, its status and its body: no other answer can be slipped in its place.
"""

import hashlib
import hmac
from datetime import timedelta

TIMESTAMP = "X-Timestamp"
SIGNATURE = "X-Signature"
KEY = "Idempotency-Key"

#: How far a request's time may be from the gateway's.
TOLERANCE = timedelta(minutes=5)


def sign_request(secret: str, *, method: str, path: str, timestamp: str, key: str, body: bytes) -> str:
    """`path` as it stands in the request line; `timestamp` in seconds since 1970; `key` empty where there is none."""
    return _sign(secret, method, path, timestamp, key, hashlib.sha256(body).hexdigest())


def sign_answer(secret: str, *, request_signature: str, status: int, body: bytes) -> str:
    return _sign(secret, request_signature, str(status), hashlib.sha256(body).hexdigest())


def is_same(signature: str, expected: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(signature.encode(), expected.encode())


def _sign(secret: str, *parts: str) -> str:
    return hmac.digest(secret.encode(), "\n".join(parts).encode(), "sha256").hex()
