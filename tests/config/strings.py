"""The interface strings of Plusdesk and of the libraries it shows, and the catalogues that translate them.

`python -m tests.config.strings` says what the catalogues lack; `--update` adds it with an empty translation
and drops what is no longer used. Needs no gettext programs, no settings and no servers.
"""

import argparse
import ast
import gettext
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

from config import messages

PROJECT = Path(__file__).resolve().parents[2]
#: What pages say, and what scripts say (of which only Django's admin has any).
DOMAINS = ("django", "djangojs")
#: Folders of ours without an interface.
PLAIN_FOLDERS = {"tests", "benchmarks"}
#: Libraries without a catalogue in simplified Chinese: what they say is translated in ours.
LIBRARIES = ("unfold", "pghistory", "pgtrigger", "csp", "django_structlog")
#: Packages with one, which Django reads before ours: what they translate is not translated again.
TRANSLATED = (
    "django.conf", "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.postgres", "django.contrib.sessions", "import_export",
)
#: What Django says in Chinese but with other words than ours (a group is 用户组 in the menu).
SAID_BETTER = ("group", "groups", "Log out", " By %(filter_title)s ", "Add %s", "Change %s", "View %s")

#: gettext's functions: the places of context, singular and plural among their arguments.
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
SUFFIXES = ("", "_lazy", "_noop")
#: What templates' files end with: pages, and the texts of notices.
TEMPLATES = (".html", ".txt")
LITERAL = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
TEMPLATE_CALL = re.compile(rf"(?<![\w.])(n?p?gettext|_)\(({LITERAL}(?:,\s*{LITERAL})*)")


class Message(NamedTuple):
    """What is asked of gettext; `plural` is empty where there is but one form."""

    context: str | None
    singular: str
    plural: str = ""

    @property
    def key(self) -> tuple[str | None, str]:
        """What gettext looks it up by."""
        return self.context, self.singular


Found = dict[tuple[str | None, str], Message]
Places = dict[tuple[str | None, str], set[str]]


class NotLiteralError(Exception):
    """A call asks for a translation of something that no extractor can read."""


# --- Python


def python_messages(source: str) -> Iterator[Message]:
    """The messages of a module; NotLiteralError for one put together while it runs."""
    tree = ast.parse(source)
    names = _gettext_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (function := names.get(ast.unparse(node.func))):
            yield _message(function, [_literal(argument) for argument in node.args])


def _gettext_names(tree: ast.Module) -> dict[str, str]:
    """By what names the module calls which function of gettext."""
    names = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            called = alias.asname or alias.name
            if node.module == "django.utils.translation" and (function := _function(alias.name)):
                names[called] = function
            elif node.module == "django.utils" and alias.name == "translation":
                names |= {f"{called}.{name}{suffix}": name for name in FUNCTIONS for suffix in SUFFIXES}
    return names


def _function(name: str) -> str:
    return next((known for known in FUNCTIONS if name in {known + suffix for suffix in SUFFIXES}), "")


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _message(function: str, arguments: list[str | None]) -> Message:
    context_at, singular_at, plural_at = FUNCTIONS[function]
    context = None if context_at is None else arguments[context_at]
    singular = arguments[singular_at]
    plural = "" if plural_at is None else arguments[plural_at]
    if singular is None or plural is None or (context is None) != (context_at is None):
        raise NotLiteralError(f"{function}({', '.join(map(repr, arguments))})")
    return Message(context, singular, plural)


# --- templates


def template_messages(source: str) -> Iterator[Message]:
    """The messages of a template: its tags, and _("…") in any expression."""
    for function, arguments in TEMPLATE_CALL.findall(templatize(source)):
        literals: list[str | None] = [ast.literal_eval(text) for text in re.findall(LITERAL, arguments)]
        yield _message("gettext" if function == "_" else function, literals)


# --- trees of files


def our_sources() -> list[Path]:
    """Our modules and templates, but for tests and what only developers see."""
    packages = [init.parent for init in PROJECT.glob("*/__init__.py") if init.parent.name not in PLAIN_FOLDERS]
    modules = (path for package in packages for path in package.rglob("*.py") if "migrations" not in path.parts)
    folders = [PROJECT / "templates", *packages]
    templates = (path for folder in folders for suffix in TEMPLATES for path in folder.rglob(f"*{suffix}"))
    return sorted({*modules, *templates})


def library_sources(name: str) -> list[Path]:
    """The modules and templates of an installed package."""
    folder = package_folder(name)
    return sorted(path for suffix in ("*.py", "*.html") for path in folder.rglob(suffix) if "tests" not in path.parts)


def package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"{name} is not installed")
    return Path(spec.submodule_search_locations[0])


def collect(sources: Iterable[Path], root: Path) -> tuple[Found, Places]:
    """The messages of these files by their key, and the files that ask for them."""
    found: Found = {}
    places: Places = defaultdict(set)
    for path in sources:
        read = template_messages if path.suffix in TEMPLATES else python_messages
        try:
            messages = list(read(path.read_text()))
        except (NotLiteralError, SyntaxError) as error:
            raise NotLiteralError(f"{path}: {error}") from error
        for message in messages:
            if message.singular:
                # With a plural, if any call has one: gettext finds the singular of such an entry too.
                found[message.key] = max(found.get(message.key, message), message, key=lambda each: bool(each.plural))
                places[message.key].add(path.relative_to(root).as_posix())
    return found, places


def our_messages() -> tuple[Found, Places]:
    """What our own pages say."""
    return collect(our_sources(), PROJECT)


def library_messages(domain: str = "django") -> tuple[Found, Places]:
    """What libraries say that nobody else has translated, or not with our words."""
    found, places = untranslated_of_libraries(domain)
    if domain != "django":
        return found, places
    known = translated_elsewhere()
    for name in LIBRARIES:
        folder = package_folder(name)
        messages, files = collect(library_sources(name), folder.parent)
        found = {key: message for key, message in messages.items() if key not in known} | found
        places = {key: places.get(key, set()) | files.get(key, set()) for key in {**places, **files}}
    for word in SAID_BETTER:
        found[None, word] = Message(None, word)
        places[None, word] = {"django"}
    return found, places


def translated_elsewhere(domain: str = "django") -> set[tuple[str | None, str]]:
    """The keys that Django and other libraries translate themselves."""
    return {key for name in TRANSLATED for key in _translations(name, "zh_Hans", domain)}


def untranslated_of_libraries(domain: str) -> tuple[Found, Places]:
    """What libraries with a catalogue left out of it; they say in English what all their strings are."""
    found: Found = {}
    places: Places = defaultdict(set)
    for name in TRANSLATED:
        theirs = _translations(name, "zh_Hans", domain)
        for entry in _entries(name, "en", domain):
            key = (entry.msgctxt, entry.msgid)
            if key not in theirs:
                found[key] = Message(entry.msgctxt, entry.msgid, entry.msgid_plural)
                places[key].add(name)
    return found, places


def _translations(package: str, language: str, domain: str) -> set[tuple[str | None, str]]:
    return {(entry.msgctxt, entry.msgid) for entry in _entries(package, language, domain) if entry.translated()}


def _entries(package: str, language: str, domain: str) -> list[polib.POEntry]:
    """A library's catalogue; empty where it has none in that language."""
    source = package_folder(package) / "locale" / language / "LC_MESSAGES" / f"{domain}.po"
    return [entry for entry in polib.pofile(str(source)) if not entry.obsolete] if source.exists() else []


# --- the catalogues


def catalogue(domain: str = "django", language: str = "zh_Hans") -> polib.POFile:
    path = PROJECT / "locale" / language / "LC_MESSAGES" / f"{domain}.po"
    return polib.pofile(str(path), wrapwidth=110)


def wanted(domain: str = "django") -> tuple[Found, Places]:
    """All that the catalogue must translate; ours over the libraries', where both say the same."""
    found, places = library_messages(domain)
    if domain == "django":
        ours, our_places = our_messages()
        found = {**found, **ours}
        places = {key: our_places.get(key, set()) | places.get(key, set()) for key in found}
    return found, places


def update(domain: str) -> tuple[int, int]:
    """Bring the catalogue to what is wanted; how many entries were added, and how many dropped."""
    found, places = wanted(domain)
    book = catalogue(domain)
    kept = {(entry.msgctxt, entry.msgid): entry for entry in book if not entry.obsolete}
    dropped = [key for key, entry in kept.items() if key not in found or entry.msgid_plural != found[key].plural]
    for key in dropped:
        del kept[key]
    added = [key for key in found if key not in kept]
    entries = {**kept, **{key: _new_entry(found[key]) for key in added}}
    for key, entry in entries.items():
        entry.occurrences = [(place, "") for place in sorted(places[key])]
        if re.search(r"%\(\w+\)[a-z]", entry.msgid + entry.msgid_plural) and "python-format" not in entry.flags:
            entry.flags.append("python-format")
    book[:] = sorted(entries.values(), key=_order)
    book.save()
    return len(added), len(dropped)


def _new_entry(message: Message) -> polib.POEntry:
    if message.plural:
        forms = {0: ""}
        return polib.POEntry(
            msgctxt=message.context, msgid=message.singular, msgid_plural=message.plural, msgstr_plural=forms
        )
    return polib.POEntry(msgctxt=message.context, msgid=message.singular, msgstr="")


def _order(entry: polib.POEntry) -> tuple[bool, str, str]:
    """Ours before the libraries', then by file."""
    files = [place for place, _line in entry.occurrences]
    is_ours = any((PROJECT / place).exists() for place in files)
    return not is_ours, files[0], entry.msgid


def read_anew() -> None:
    """Take the catalogues as they are on disk, whatever this process had read before."""
    messages.compile_missing()
    gettext._translations = {}  # type: ignore[attr-defined]
    trans_real._translations = {}
    trans_real._default = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the catalogues")
    is_update, lacking = parser.parse_args().update, 0
    for domain in DOMAINS:
        if is_update:
            added, dropped = update(domain)
            print(f"{domain}.po: {added} added, {dropped} dropped")  # noqa: T201
        empty = [entry for entry in catalogue(domain) if not entry.translated()]
        lacking += len(empty)
        for entry in empty:
            print(f"{entry.occurrences[0][0]}: {entry.msgid!r}")  # noqa: T201
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
