"""What a secret has to look like."""

from base64 import b64decode


def is_webhook_secret(text: str) -> bool:
    """Whether it is one after the Standard Webhooks specification: whsec_ and base64 of at least a byte."""
    try:
        return text.startswith("whsec_") and b64decode(text.removeprefix("whsec_"), validate=True) != b""
    except ValueError:
        return False


def is_sealing_key(text: str) -> bool:
    """Whether it is base64 of at least 32 bytes, as `openssl rand -base64 32` makes them."""
    try:
        return len(b64decode(text, validate=True)) >= 32
    except ValueError:
        return False
