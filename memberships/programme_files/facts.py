"""Facts of records, by field: what is there beside what is wanted, and the difference in words."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from memberships.programme_files.schema import number_as_text

#: Values of a record's fields by name.
Facts = Mapping[str, Any]


def facts_of(record: Model, fields: Iterable[str]) -> dict[str, Any]:
    """What the record says in these fields."""
    return {field: getattr(record, field) for field in fields}


def differing(present: Facts, wanted: Facts) -> list[str]:
    """The fields of `wanted` that are another value now."""
    return [field for field, value in wanted.items() if present[field] != value]


def difference(model: type[Model], present: Facts, wanted: Facts) -> str:
    """As in “threshold (points) 6,000 → 8,000, floor no → yes”; empty where there is none."""
    return ", ".join(
        _("%(fact)s %(old)s → %(new)s") % {
            "fact": field_in_words(model, field),
            "old": value_in_words(model, field, present[field]),
            "new": value_in_words(model, field, wanted[field]),
        }
        for field in differing(present, wanted)
    )


def field_in_words(model: type[Model], field: str) -> str:
    """What a field is called."""
    return str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def value_in_words(model: type[Model], field: str, value: Any) -> str:
    """A value as people read it."""
    choices = dict(getattr(model._meta.get_field(field), "flatchoices", []))
    if value in choices:
        return str(choices[value])
    if value is None or value == "" or value == []:
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, Decimal):
        text = number_as_text(value)
        return str(number_format(Decimal(text), decimal_pos=len(text.partition(".")[2])))
    return str(number_format(value)) if isinstance(value, int) else str(value)


def as_date(text: str | None) -> date | None:
    """A date of a file."""
    return None if text is None else date.fromisoformat(text)


def as_text(day: date | None) -> str | None:
    """A date for a file."""
    return None if day is None else day.isoformat()


def same_number(value: Decimal | None) -> Decimal | None:
    """A number of a table as a file has it."""
    return None if value is None else Decimal(number_as_text(value))
