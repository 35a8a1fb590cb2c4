"""What pydantic finds wrong in a request, in words that a person reads, in their language."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_NUMBER = gettext_lazy("A number is expected here.")
_WHOLE = gettext_lazy("A whole number is expected here.")
_BOOLEAN = gettext_lazy("True or false is expected here.")
_DATE = gettext_lazy("A date is expected here, as 2027-01-15.")
_INSTANT = gettext_lazy("An instant is expected here, as 2027-01-15T08:00:00+08:00.")
_OBJECT = gettext_lazy("An object is expected here.")
_FORM = gettext_lazy("This does not have the form that is expected here.")

#: By pydantic's name of the error; what is filled in comes with it.
WORDS: dict[str, Any] = {
    "missing": gettext_lazy("This is missing."),
    "extra_forbidden": gettext_lazy("This is not known here."),
    "string_type": gettext_lazy("A text is expected here."),
    "string_unicode": gettext_lazy("This text holds characters that cannot be kept."),
    "string_too_short": gettext_lazy("At least %(min_length)s characters are expected here."),
    "string_too_long": gettext_lazy("At most %(max_length)s characters are expected here."),
    "string_pattern_mismatch": _FORM,
    "uuid_parsing": _FORM,
    "int_type": _WHOLE, "int_parsing": _WHOLE, "int_from_float": _WHOLE, "int_parsing_size": _WHOLE,
    "float_type": _NUMBER, "float_parsing": _NUMBER, "finite_number": _NUMBER,
    "decimal_type": _NUMBER, "decimal_parsing": _NUMBER,
    "decimal_max_digits": gettext_lazy("At most %(max_digits)s digits are expected here."),
    "decimal_max_places": gettext_lazy("At most %(decimal_places)s decimal places are expected here."),
    "decimal_whole_digits": gettext_lazy("At most %(whole_digits)s digits before the point are expected here."),
    "greater_than": gettext_lazy("More than %(gt)s is expected here."),
    "greater_than_equal": gettext_lazy("At least %(ge)s is expected here."),
    "less_than": gettext_lazy("Less than %(lt)s is expected here."),
    "less_than_equal": gettext_lazy("At most %(le)s is expected here."),
    "multiple_of": gettext_lazy("A multiple of %(multiple_of)s is expected here."),
    "bool_type": _BOOLEAN, "bool_parsing": _BOOLEAN,
    "date_type": _DATE, "date_parsing": _DATE, "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _INSTANT, "datetime_parsing": _INSTANT, "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": _INSTANT,
    "literal_error": gettext_lazy("One of these is expected here: %(expected)s."),
    "enum": gettext_lazy("One of these is expected here: %(expected)s."),
    "list_type": gettext_lazy("A list is expected here."),
    "too_short": gettext_lazy("At least %(min_length)s entries are expected here."),
    "too_long": gettext_lazy("At most %(max_length)s entries are expected here."),
    "dict_type": _OBJECT, "model_type": _OBJECT, "model_attributes_type": _OBJECT,
}


def words_of(fault: dict[str, Any]) -> str:
    """What is wrong, of an error as pydantic tells it: `type`, and `ctx` with what was expected."""
    known = WORDS.get(fault["type"])
    if known:
        return str(str(known) % fault.get("ctx", {}))
    # What one of our own validators said.
    said = fault.get("ctx", {}).get("error")
    return str(said) if said else _("This is not accepted here.")
