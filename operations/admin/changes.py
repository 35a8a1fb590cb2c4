"""What an event changed, in words: field, before, after; choices, references and dates as a person reads them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db.models import Field, JSONField, Model
from django.utils import formats
from django.utils.timezone import localtime
from django.utils.translation import gettext as _


class Change(NamedTuple):
    """A field and its values, as a person reads them."""

    field: str
    before: str
    after: str


class Names:
    """The names of the records that events refer to: one query per referenced model."""

    def __init__(self, events: Iterable[Model]) -> None:
        wanted: dict[type[Model], set[Any]] = defaultdict(set)
        for event in events:
            for column in _business_fields(event):
                if column.remote_field and (key := getattr(event, column.attname)) is not None:
                    wanted[column.remote_field.model].add(key)
        self._names = {
            # select_related: a name may be made of another record's.
            model: {key: str(record) for key, record in model._default_manager.select_related().in_bulk(keys).items()}
            for model, keys in wanted.items()
        }

    def of(self, model: type[Model], key: Any) -> str:
        """The record's name; its key when the record is gone."""
        return self._names.get(model, {}).get(key, str(key))


def changes_between(before: Model | None, event: Model, names: Names, *, without: Collection[str]) -> list[Change]:
    """The fields but `without` that differ from the event before; all that are filled, when it begins or ends.

    A ledger's entry is read as one that begins.
    """
    is_removal = getattr(event, "pgh_label", "") == "delete"
    is_whole = before is None or is_removal
    changes = []
    for column in _business_fields(event):
        if column.name in without:
            continue
        new = _shown(event, column, names)
        old = "" if before is None or is_whole else _shown(before, column, names)
        if new != old:
            label = str(column.verbose_name)
            changes.append(Change(label, new, "") if is_removal else Change(label, old, new))
    return changes


def _business_fields(event: Model) -> Iterator["Field[Any, Any]"]:
    """The tracked columns but for the key, which every entry of a page shares.

    What a ledger keeps as evidence is long, and stands on its own page.
    """
    is_ledger = not hasattr(event, "pgh_tracked_model")
    for column in event._meta.concrete_fields:
        is_evidence = is_ledger and isinstance(column, JSONField)
        if not (column.name.startswith("pgh_") or column.name == _told(event)._meta.pk.name or is_evidence):
            yield column


def _told(event: Model) -> type[Model]:
    """The model that an event tells of; a ledger tells of itself."""
    return getattr(event, "pgh_tracked_model", type(event))


def _shown(event: Model, column: "Field[Any, Any]", names: Names) -> str:
    """The value in words; a model's `shown_<field>` says what these are."""
    value = getattr(event, column.attname)
    told = _told(event)
    # A ledger's entry is the record itself, which may say it as a property.
    show = getattr(event if isinstance(event, told) else told, f"shown_{column.name}", None)
    if isinstance(show, str):
        return show
    return str(show(value)) if callable(show) else _in_words(column, value, names)


def _in_words(column: "Field[Any, Any]", value: Any, names: Names) -> str:
    if value is None or value == "":
        return ""
    if isinstance(column, ArrayField):
        return _(", ").join(_in_words(column.base_field, item, names) for item in value)
    if column.remote_field:
        return names.of(column.remote_field.model, value)
    if column.flatchoices:
        return str(dict(column.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if hasattr(value, "tzinfo"):
        value = localtime(value)
    if isinstance(value, Decimal):
        value = _to_the_fen(value)
    return str(formats.localize(value, use_l10n=True))


def _to_the_fen(figure: Decimal) -> Decimal:
    """Without the noughts beyond the second place."""
    is_longer = int(figure.as_tuple().exponent) < -2
    return round(figure, 2) if is_longer and round(figure, 2) == figure else figure
