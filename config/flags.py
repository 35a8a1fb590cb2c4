"""Yes or no from the environment, without guessing: a misspelt `PLUSDESK_PRODUCTION` must not mean the demo."""

import os

from django.core.exceptions import ImproperlyConfigured

_WORDS = {
    "1": True, "true": True, "yes": True, "on": True,
    "0": False, "false": False, "no": False, "off": False,
}  # fmt: skip


def flag(name: str, *, default: bool = False) -> bool:
    """What the variable says, `default` where it is not set; ImproperlyConfigured on any other word."""
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        return _WORDS[value.strip().lower()]
    except KeyError:
        raise ImproperlyConfigured(
            f"{name}={value!r} is neither yes nor no: give one of {', '.join(_WORDS)}."
        ) from None
