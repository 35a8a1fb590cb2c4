"""Terms of benefits beside each other, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def terms_difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """As in “percent 95 → 90, categories none → 生鲜”; keys as a file has them. Empty where there is none."""
    keys = [*old, *(key for key in new if key not in old)]
    return ", ".join(
        f"{key} {_in_words(old.get(key))} → {_in_words(new.get(key))}" for key in keys if old.get(key) != new.get(key)
    )


def _in_words(value: Any) -> str:
    if value is None:
        return _("as usual")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
