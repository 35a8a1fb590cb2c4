"""Two documents beside each other: what the second says otherwise, line by line."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from memberships.programme_files.documents import Document
from operations import registry


class Difference(NamedTuple):
    """Something that two documents say otherwise; blank: one does not say it (or as its default)."""

    place: str
    old: str
    new: str


def compare(old: Document, new: Document) -> list[Difference]:
    """Section by section, entries of lists by their code; the order of entries, where it alone is another."""
    return [
        difference
        for section in registry.programme_sections
        for difference in _compare(
            str(section.label), old.content.get(section.name), new.content.get(section.name)
        )
    ]


def _compare(place: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _compare(f"{place} · {key}", old.get(key), new.get(key))
    elif _is_coded(old) and _is_coded(new) and (old or new):
        yield from _compare_entries(place, _by_code(old), _by_code(new))
    else:
        yield Difference(place, _in_words(old), _in_words(new))


def _compare_entries(place: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    for code in [*old, *(code for code in new if code not in old)]:
        yield from _compare(f"{place} · {code}", old.get(code), new.get(code))
    if [code for code in old if code in new] != [code for code in new if code in old]:
        yield Difference(_("%(place)s · order") % {"place": place}, ", ".join(old), ", ".join(new))


def _is_coded(value: Any) -> bool:
    """Whether it is a list of entries that have codes, or are each about a benefit, or none."""
    if value is None:
        return True
    return isinstance(value, list) and all(
        isinstance(each, Mapping) and ("code" in each or "benefit" in each) for each in value
    )


def _by_code(entries: list[dict[str, Any]] | None) -> dict[str, Any]:
    """Entries by their code, or their benefit; tiers by their group as well, what is a partner's by the partner."""
    return {"/".join(filter(None, [entry.get("group"), entry.get("partner"), _own_code(entry)])): entry
            for entry in entries or []}


def _own_code(entry: Mapping[str, Any]) -> str:
    return str(entry.get("code", entry.get("benefit")))


def _in_words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_in_words(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
