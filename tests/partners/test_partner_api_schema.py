"""The partners' API against its own document: no 500, no answer that the document does not tell of."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client
from django.utils import timezone

from operations.webhooks import sign
from partners.events.handling import event_handlers
from partners.models import Fulfilment, InboundEvent
from tests.operations.api_fuzz import surprises
from tests.partners.partner_stories import a_fulfilment, a_partner, secret_of

pytestmark = pytest.mark.django_db

DOCUMENT = "/partners/openapi.json"


class Signing:
    """Stands before the application: sends all as iQiyi, signed, now, about orders and members that are there."""

    def __init__(self, fulfilment: Fulfilment) -> None:
        self.application = get_wsgi_application()
        self.fulfilment = fulfilment
        self._numbers = count(1)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ["REQUEST_METHOD"] == "POST":
            body = self._known(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            signed = sign(secret_of("iqiyi"), id=f"evt_{next(self._numbers)}", at=timezone.now(), body=body)
            environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed.items()}
            environ |= {
                "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), "PATH_INFO": "/partners/iqiyi/events",
            }
        return self.application(environ, start_response)

    def _known(self, body: bytes) -> bytes:
        """The body, about what is there."""
        try:
            event = json.loads(body)
        except ValueError:
            return body
        data = event.get("data") if isinstance(event, dict) else None
        if not isinstance(data, dict):
            return body
        known = {
            "order": self.fulfilment.key, "member": self.fulfilment.member.number, "benefit": "iqiyi-vip",
            "at": timezone.now().isoformat(), "registered_on": timezone.now().date().isoformat(),
        }
        event["data"] = {**data, **{name: value for name, value in known.items() if name in data}}
        # Any instant has the form; few of them are of this century.
        event["timestamp"] = timezone.now().isoformat()
        return json.dumps(event).encode()


def document() -> dict[str, Any]:
    answer = Client().get(DOCUMENT)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_whatever_a_partner_signs_the_answer_is_in_the_document() -> None:
    fulfilment = a_fulfilment(a_partner())
    assert surprises(DOCUMENT, application=Signing(fulfilment), examples=30) == []
    kept = set(InboundEvent.objects.values_list("type", "state"))
    assert {state for _type, state in kept} >= {"done", "dead"}, f"what was made up reached the handlers: {kept}"


def test_whatever_nobody_signed_is_refused_as_the_document_says() -> None:
    a_partner()
    assert surprises(DOCUMENT, examples=5) == []
    assert not InboundEvent.objects.exists()


def forms() -> Iterator[dict[str, Any]]:
    operation = document()["paths"]["/partners/{code}/events"]["post"]
    yield from operation["requestBody"]["content"]["application/json"]["schema"]["anyOf"]


def test_document_tells_the_form_of_every_event_that_is_known() -> None:
    types = [form["properties"]["type"].get("const") for form in forms()]
    assert set(types) == {*(handler.name for handler in event_handlers), None}
    (used,) = (form for form in forms() if form["title"] == "benefit.used")
    assert {"usage", "member", "benefit"} <= set(used["properties"]["data"]["required"])


def test_document_tells_how_calls_are_signed_and_all_that_is_answered() -> None:
    operation = document()["paths"]["/partners/{code}/events"]["post"]
    assert operation["security"] and {p["name"] for p in operation["parameters"]} == {
        "code", "webhook-id", "webhook-timestamp",
    }
    assert set(operation["responses"]) >= {"200", "202", "400", "401", "404", "409", "411", "413", "415", "422", "503"}
