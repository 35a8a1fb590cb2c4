"""Messages after the Standard Webhooks specification, as the listener of the sandbox verifies them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Mapping

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"
_PREFIX = "whsec_"


def decode_secret(secret: str) -> bytes:
    """The key in a secret like `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`; ValueError when it is none."""
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError as error:
        raise ValueError(f"a webhook secret is {_PREFIX} and base64") from error


def sign_message(key: bytes, *, id: str, timestamp: str, body: bytes) -> str:
    """The signature of version 1, with its version in front."""
    digest = hmac.digest(key, b".".join([id.encode(), timestamp.encode(), body]), "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def is_signed(key: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures is right. Their time is for the caller to judge."""
    expected = sign_message(key, id=headers.get(ID, ""), timestamp=headers.get(TIMESTAMP, ""), body=body)
    offered = headers.get(SIGNATURE, "").split(" ")
    return any(hmac.compare_digest(signature.encode(), expected.encode()) for signature in offered)
