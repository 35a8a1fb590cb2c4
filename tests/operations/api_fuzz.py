"""An API against its own document: schemathesis makes up requests, good and bad, and no answer may be a surprise.

    assert surprises("/api/v1/openapi.json", token=an_api_client("benefits.redeem").token) == []

Requests go through the whole application, in this process, so that they are part of the test's transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

#: No 500, no status, type, header or body that the document does not tell of.
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]


def surprises(
    path: str, *, token: str = "", examples: int = 25, only: str = "", headers: Any = None, application: Any = None
) -> list[str]:
    """What was answered otherwise than the document at `path` says; so many requests of each kind and operation.

    `only` keeps to the operations whose address holds it. `application`: what stands before the whole one, if anything.
    """
    given_headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
    found = []
    with _connection_kept():
        schema = schemathesis.openapi.from_wsgi(path, application or get_wsgi_application())
        for operation in _operations(schema, only):
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                try:
                    _ask(operation, mode, examples=examples, headers=given_headers)
                # Failures of checks, which are no Exceptions when several come as a group.
                except (Exception, BaseExceptionGroup) as error:
                    found.append(f"{operation.label} ({mode.value}): {_told(error)}")
    return found


@contextmanager
def _connection_kept() -> Iterator[None]:
    """Requests do not close the connection on which the test's transaction is; as in Django's own client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def _operations(schema: Any, only: str) -> Iterator[Any]:
    for result in schema.get_all_operations():
        operation = result.ok()
        if only in operation.path:
            yield operation


def _ask(operation: Any, mode: GenerationMode, *, examples: int, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()


def _told(error: BaseException) -> str:
    inner = getattr(error, "exceptions", None)
    return "; ".join(map(_told, inner)) if inner else f"{type(error).__name__}: {error}"
