"""A document as the text of a programme file: what `documents.read_document` reads as the same document."""

import json
from collections.abc import Iterator, Mapping
from re import compile as pattern
from typing import Any

from memberships.programme_files.documents import Document
from memberships.programme_files.reading import plain_value
from memberships.programme_files.schema import SCHEMA_FILE, properties_of
from memberships.programme_files.sections import Schema
from operations import registry

HEAD = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"
#: Text that needs no quotation marks.
PLAIN = pattern(r"\w[\w.()%+/-]*(?: [\w.()%+/-]+)*")


def write_document(document: Document) -> str:
    """The file's text. Defaults are left out; a block a section, a line a short value."""
    blocks = (
        "\n".join(_block(document.content[each.name], each.schema, each.name, ""))
        for each in registry.programme_sections if each.name in document.content
    )
    return HEAD + "\n" + "\n\n".join(blocks) + "\n"


def _block(value: Any, schema: Schema, key: str, indent: str) -> Iterator[str]:
    """The lines of a key and its value."""
    if _is_short(value):
        yield f"{indent}{key}: {_flow(value, schema)}"
        return
    yield f"{indent}{key}:"
    if isinstance(value, Mapping):
        properties = properties_of(schema, value)
        for name, each in value.items():
            yield from _block(each, properties[name], name, indent + "  ")
        return
    for entry in value:
        properties = properties_of(schema["items"], entry)
        lines = [
            line for name, each in entry.items() for line in _block(each, properties[name], name, indent + "    ")
        ]
        yield f"{indent}  - {lines[0].lstrip()}"
        yield from lines[1:]


def _is_short(value: Any) -> bool:
    """Whether it stands in one line: a value, or a few of them."""
    if isinstance(value, Mapping):
        return len(value) <= 4 and not any(isinstance(each, Mapping | list) for each in value.values())
    return not isinstance(value, list) or not any(isinstance(each, Mapping | list) for each in value)


def _flow(value: Any, schema: Schema) -> str:
    if isinstance(value, Mapping):
        own = schema.get("properties", {})
        return "{" + ", ".join(f"{name}: {_flow(each, own.get(name, {}))}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each, schema["items"]) for each in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and schema.get("type") != "number":
        return _text(value)
    return str(value)


def _text(value: str) -> str:
    """A text, in quotation marks where it would be read as something else."""
    if PLAIN.fullmatch(value) and isinstance(plain_value(value), str):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)
