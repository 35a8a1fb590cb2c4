"""What people see of a page, template or module: its words, without what stands around them."""

import ast
import builtins
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType
from django.utils.translation.template import block_re, endblock_re

CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
LATIN = re.compile(r"[A-Za-z]{3,}")
#: Names that are no Chinese word anywhere.
NAMES = {
    "Plusdesk", "PLUS", "CNY", "CSV", "XLSX", "UTF-8", "BOM", "SHA", "LDAP", "Mac", "Ctrl", "Control", "Command", "esc",
    "English", "zh-hans", "API", "PDF", "PNG", "JPEG",
}
#: Attributes whose value is shown or read aloud.
SPOKEN = {"placeholder", "title", "aria-label", "alt", "data-label", "data-sending"}
BUTTONS = {"submit", "button", "reset"}
#: Elements whose text nobody reads.
SILENT = {"script", "style", "svg", "code"}
ICONS = "material-symbols-outlined"
#: What nobody reads, and is much of a page: elements, and what attributes say to browsers.
UNREAD = re.compile(
    r"<(script|style|svg)\b.*?</\1>|\s(?:href|src|id|for|x-[\w:.-]+|hx-[\w-]+)=\"[^\"]*\""
    r"|\sclass=\"(?![^\"]*material-symbols)[^\"]*\"",
    re.DOTALL,
)
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
#: Words handed to a component or an included template.
HANDED_OVER = re.compile(r"""\b(?:title|text|label|heading|message|subtitle|note|submit)=("[^"]*"|'[^']*')""")
#: The same, as arguments in Python.
NAMED_WORDS = {
    "label", "help_text", "description", "verbose_name", "verbose_name_plural", "title", "note", "submit_label",
    "placeholder", "empty_label", "hint",
}


class _Reader(HTMLParser):
    """Collects (line, words) of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._silent_within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if not self._silent_within:
            self._hear({values.get(name, "") for name in SPOKEN})
            if tag == "input" and values.get("type") in BUTTONS:
                self._hear({values.get("value", "")})
        is_silent = tag in SILENT or ICONS in values.get("class", "").split()
        if tag not in VOID and (self._silent_within or is_silent):
            self._silent_within.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent_within:
            while self._silent_within.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._silent_within:
            self._hear({data})

    def _hear(self, texts: set[str]) -> None:
        self.found += [(self.getpos()[0], " ".join(text.split())) for text in texts if text.strip()]


def words_of(page: str) -> list[str]:
    """The texts and spoken attributes of a page."""
    return [text for _line, text in _read(UNREAD.sub("", page))]


def unwrapped(template: str) -> list[tuple[int, str]]:
    """The words of a template that stand outside its translation tags, with their line."""
    found = [(line, text) for line, text in _read(_without_tags(template)) if re.search(r"[^\W\d_]{2}", text)]
    return [*found, *_handed_over(template)]


def _read(page: str) -> list[tuple[int, str]]:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.found


def _without_tags(template: str) -> str:
    """The template's own text; what its tags stood for is blank, line by line."""
    text, is_hidden = [], False
    for token in Lexer(template).tokenize():
        if token.token_type == TokenType.TEXT:
            text.append("\n" * token.contents.count("\n") if is_hidden else token.contents)
            continue
        if token.token_type == TokenType.BLOCK and (block_re.match(token.contents) or token.contents == "comment"):
            is_hidden = True
        elif token.token_type == TokenType.BLOCK and (
            endblock_re.match(token.contents) or token.contents == "endcomment"
        ):
            is_hidden = False
        # "<{% if … %}a{% else %}span{% endif %}>" is an element, too.
        text.append("x" if text and text[-1].endswith(("<", "</")) else " ")
    return "".join(text)


def _handed_over(template: str) -> Iterator[tuple[int, str]]:
    for token in Lexer(template).tokenize():
        if token.token_type == TokenType.BLOCK:
            for literal in HANDED_OVER.findall(token.contents):
                if re.search(r"[^\W\d_]{2}", literal):
                    yield token.lineno or 0, literal


def unwrapped_in_python(source: str) -> list[tuple[int, str]]:
    """Words that a module hands to a page, a message or an error of ours without asking for their translation."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            named = [each.value for each in node.keywords if each.arg in NAMED_WORDS]
            found += [*named, *(node.args if _speaks(ast.unparse(node.func)) else [])]
        elif isinstance(node, ast.Assign) and any(ast.unparse(target) in NAMED_WORDS for target in node.targets):
            found.append(node.value)
    return [(each.lineno, ast.unparse(each)) for each in found if _is_wordy(each)]


def _speaks(function: str) -> bool:
    """Whether a call's arguments are read by people: messages.success(…), or an error that is not the language's."""
    return function.startswith("messages.") or (function.endswith("Error") and not hasattr(builtins, function))


def _is_wordy(node: ast.expr) -> bool:
    """A text that is no code: of several words, or with a capital."""
    if isinstance(node, ast.JoinedStr):
        return any(_is_wordy(part) for part in node.values)
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_text and bool(re.search(r"[^\W\d_]+ [^\W\d_]+|[A-Z][a-z]", str(node.value)))  # type: ignore[attr-defined]
