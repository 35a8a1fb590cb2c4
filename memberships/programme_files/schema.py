"""The schema of programme files: put together from the sections, held against a file, its faults in plain words."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from memberships.programme_files.faults import Fault, Path, printable
from memberships.programme_files.sections import ProgrammeSection, Schema
from operations import registry

SCHEMA_FILE = "programme.schema.json"

# --- pieces that sections share

CODE: Schema = {"type": "string", "pattern": r"^[-a-zA-Z0-9_]{1,64}$(?!\n)", "description": "Letters, digits, - and _"}
DATE: Schema = {
    "type": "string", "format": "date", "pattern": "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$",
    "description": "As 2027-01-15",
}
#: Something to see, in one line, without what turns a line's direction.
_NAME: Schema = {
    "type": "string", "minLength": 1, "maxLength": 100,
    "pattern": r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$(?!\n)",
}
NAMES: Schema = {
    "type": "object", "additionalProperties": False, "required": ["zh", "en"],
    "properties": {"zh": _NAME, "en": _NAME},
}
#: What fits a PositiveSmallIntegerField, and points.
SMALL, POINTS = 32_767, 1_000_000_000_000_000


def whole(least: int, most: int, **more: Any) -> Schema:
    """A whole number."""
    return {"type": "integer", "minimum": least, "maximum": most, **more}


def exact(decimals: int, least: int, most: int, **more: Any) -> Schema:
    """An exact number with so many decimals at most."""
    return {"type": "number", "minimum": least, "maximum": most, "x-decimals": decimals, **more}


def one_of(choices: Iterable[str], **more: Any) -> Schema:
    """One of some words."""
    return {"type": "string", "enum": list(choices), **more}


def record(properties: Mapping[str, Schema], *, required: Iterable[str] = (), **more: Any) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object", "additionalProperties": False, "properties": dict(properties), "required": list(required),
        **more,
    }


def record_by(
    properties: Mapping[str, Schema], *, key: str, part: str, written: Mapping[str, Schema],
    required: Iterable[str] = (), **more: Any,
) -> Schema:
    """A record whose `part` is written as the word under another key says."""
    cases = [
        {
            "if": {"properties": {key: {"const": word}}, "required": [key]},
            "then": {"properties": {part: schema}, "required": [part] if schema.get("required") else []},
        }
        for word, schema in written.items()
    ]
    return {**record({**properties, part: {"type": "object"}}, required=required, **more), "allOf": cases}


def properties_of(schema: Schema, value: Mapping[str, Any]) -> dict[str, Schema]:
    """The schemas of a record's keys, as they are for this value."""
    found = dict(schema["properties"])
    for case in schema.get("allOf", ()):
        if all(value.get(key) == each["const"] for key, each in case["if"]["properties"].items()):
            found.update(case["then"]["properties"])
    return found


def list_of(entries: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": entries, "maxItems": 1000, **more}


# --- the whole


def published_schema() -> dict[str, Any]:
    """The schema of a programme file, from the sections there are."""
    sections: list[ProgrammeSection] = list(registry.programme_sections)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Plusdesk programme file",
        **record(
            {section.name: section.schema for section in sections},
            required=[section.name for section in sections if section.is_required],
        ),
    }


def _check_decimals(validator: Any, decimals: int, value: Any, schema: Schema) -> Iterator[ValidationError]:
    if isinstance(value, Decimal) and value != round(value, decimals):
        yield ValidationError("")


_Validator = extend(Draft202012Validator, {"x-decimals": _check_decimals})


def schema_faults(value: Any) -> list[Fault]:
    """Where a file is not what the schema says: a fault for each place, without lines."""
    validator = _Validator(published_schema(), format_checker=FormatChecker(["date"]))
    faults: dict[Path, Fault] = {}
    for error in validator.iter_errors(value):
        for fault in _in_words(error):
            faults.setdefault(fault.path, fault)
    return list(faults.values())


def _in_words(error: ValidationError) -> Iterator[Fault]:
    path: Path = tuple(error.absolute_path)
    expected, value = error.validator_value, error.instance
    match error.validator:
        case "additionalProperties":
            for key in sorted(set(value) - set(error.schema["properties"])):
                yield Fault((*path, key), _unknown_key(key, error.schema["properties"]))
        case "required":
            for key in expected:
                if key not in value:
                    yield Fault((*path, key), _("is missing"))
        case "oneOf" | "anyOf":
            yield Fault(path, _("%(value)s is not understood here") % {"value": shown(value)})
        case keyword:
            yield Fault(path, _of_value(_kind_of_fault(str(keyword), error.schema), expected, value))


def _unknown_key(key: str, known: Mapping[str, Any]) -> str:
    alike = get_close_matches(key, known, n=1)
    if alike:
        return _("there is no such key; is “%(alike)s” meant?") % {"alike": alike[0]}
    return _("there is no such key; there are: %(known)s") % {"known": ", ".join(known)}


def _kind_of_fault(keyword: str, schema: Schema) -> str:
    """The keyword that refuses a value; of a date, code or name that is written otherwise, which of them it is."""
    if schema.get("format") == "date" and keyword in ("format", "pattern"):
        return "date"
    if keyword == "pattern":
        return {CODE["pattern"]: "code", _NAME["pattern"]: "name"}.get(schema["pattern"], keyword)
    return keyword


def _of_value(keyword: str, expected: Any, value: Any) -> str:
    """What is wrong with a value, in words."""
    facts = {"value": shown(value), "expected": expected}
    if value is None:
        return _("has no value: write one, or leave the line out")
    if keyword == "type":
        return _("%(value)s is not %(expected)s") % {**facts, "expected": _type_in_words(expected)}
    if keyword == "enum":
        return _("%(value)s is none of: %(expected)s") % {**facts, "expected": ", ".join(map(str, expected))}
    words = {
        "date": _("%(value)s is no date; a date is written as 2027-01-15"),
        "minimum": _("%(value)s is less than %(expected)s"),
        "maximum": _("%(value)s is more than %(expected)s"),
        "exclusiveMinimum": _("%(value)s is not more than %(expected)s"),
        "minLength": _("must not be empty"),
        "maxLength": _("has more than %(expected)s characters"),
        "minItems": _("must not be empty"),
        "maxItems": _("has more than %(expected)s entries"),
        "x-decimals": _("%(value)s has more than %(expected)s decimals"),
        "pattern": _("%(value)s is not written as it has to be here"),
        "code": _("%(value)s is no code: letters, digits, - and _ only, 64 at the most"),
        "name": _("%(value)s is no name: one line with something to see, without control characters"),
    }
    return words.get(keyword, _("%(value)s is not understood here")) % facts


def _type_in_words(expected: str) -> str:
    return {
        "integer": _("a whole number"),
        "number": _("a number"),
        "string": _("a text"),
        "boolean": _("true or false"),
        "array": _("a list"),
        "object": _("a block of keys"),
    }.get(expected, expected)


def shown(value: Any) -> str:
    """A value as it is quoted in a fault."""
    if isinstance(value, Mapping):
        return _("this block")
    if isinstance(value, list | tuple):
        return _("this list")
    if isinstance(value, str):
        return f"“{printable(value)}”"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


# --- the forms of a document: with defaults filled in, to work with; without them and in JSON, to keep


def filled(value: Any, schema: Schema) -> Any:
    """A value that the schema allows, with every default, and numbers as Decimal."""
    if schema.get("type") == "object":
        properties = properties_of(schema, value)
        wanted = {
            key: value.get(key, each.get("default"))
            for key, each in properties.items() if key in value or "default" in each
        }
        return {key: filled(each, properties[key]) for key, each in wanted.items()}
    if schema.get("type") == "array":
        return [filled(each, schema["items"]) for each in value]
    if schema.get("type") == "number" and value is not None:
        return Decimal(str(value))
    return value


def bare(value: Any, schema: Schema) -> Any:
    """The same without what defaults say, as JSON: the same meaning is the same JSON, whatever defaults come later."""
    if value is None:
        return None
    if schema.get("type") == "object":
        properties = properties_of(schema, value)
        kept = ((key, each, properties[key]) for key, each in value.items())
        return {key: bare(each, own) for key, each, own in kept if each not in (None, {}) and not _is_usual(each, own)}
    if schema.get("type") == "array":
        return [bare(each, schema["items"]) for each in value]
    if schema.get("type") == "number":
        return number_as_text(value)
    return value


def _is_usual(value: Any, schema: Schema) -> bool:
    """Whether a value is what is meant where it is left out."""
    return "default" in schema and bare(value, schema) == bare(filled(schema["default"], schema), schema)


def number_as_text(value: Decimal | int) -> str:
    """A number as it is written, without zeros at the end."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
