"""Bodies: JSON in UTF-8, to the letter. What would be read in two ways, or could not be kept, is refused."""

import json
import math
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from operations.api.problems import MalformedError, UnsupportedTypeError

JSON = "application/json"
#: What the database keeps as a number without a fraction.
LARGEST = 2**63 - 1


class StrictParser(Parser):
    """Reads what api.parser is asked for; what it raises is answered as a problem."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as Python has it. UnsupportedTypeError, MalformedError, or ValueError where it is no JSON."""
        charset = request.content_params.get("charset", "utf-8") if request.content_params else "utf-8"
        if request.content_type != JSON or charset.lower() not in ("utf-8", "utf8"):
            raise UnsupportedTypeError(JSON)
        return read_json(request.body)


def read_json(body: bytes) -> Any:
    """JSON that can be kept: no doubled names, no NUL, no half characters, no number beyond 64 bits."""
    text = body.decode("utf-8")
    data = json.loads(
        text, object_pairs_hook=_object, parse_int=_whole, parse_float=_fraction, parse_constant=_constant
    )
    # JSON forbids raw control characters, so that only an escape can make one of these.
    if "\\u" in text:
        for place, found in _texts(data):
            if not _can_be_kept(found):
                words = _("The body holds characters that cannot be kept, at %(place)s.")
                raise MalformedError(words % {"place": place})
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise MalformedError(_("The name “%(name)s” stands twice in an object of the body.") % {"name": doubled})
    return found


def _whole(text: str) -> int:
    # int() refuses thousands of digits by itself, and takes long for hundreds.
    if len(text) > 20 or abs(number := int(text)) > LARGEST:
        raise _too_large(text)
    return number


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _too_large(text)
    return number


def _too_large(text: str) -> MalformedError:
    shown = text if len(text) <= 24 else f"{text[:20]}…"
    return MalformedError(_("The number %(number)s is beyond what can be kept.") % {"number": shown})


def _constant(text: str) -> Any:
    """NaN and the infinities, which Python would take."""
    raise MalformedError(_("%(word)s is no number in JSON.") % {"word": text})


def _texts(data: Any) -> Iterator[tuple[str, str]]:
    """Every text and every name, with its place."""
    waiting = [("body", data)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, list):
            waiting += [(f"{place}/{number}", entry) for number, entry in enumerate(value)]
        elif isinstance(value, dict):
            for name, entry in value.items():
                yield place, name
                waiting.append((f"{place}/{name}", entry))


def _can_be_kept(text: str) -> bool:
    """Not with NUL, which PostgreSQL does not know, nor with half a surrogate pair, which UTF-8 does not."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
