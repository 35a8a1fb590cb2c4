"""The log holds events, no chatter, and the house's time."""

import json
import logging
import logging.config
import re
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config.logs import JSON, logging_config, scrub
from operations.middleware import RequestLogMiddleware


@pytest.mark.parametrize(
    "name",
    ["celery.beat", "celery.worker.strategy", "celery.app.trace", "django_structlog.celery.receivers"],
)
def test_that_tasks_come_and_go_is_not_logged(name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    assert logging.getLogger(name).isEnabledFor(logging.WARNING)


def test_our_own_events_are_logged_in_the_houses_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="operations.services.jobs")
    structlog.get_logger("operations.services.jobs").info("chunk_failed")
    event = caplog.records[0].msg
    assert isinstance(event, dict) and event["event"] == "chunk_failed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+0800", event["timestamp"])


def test_log_lines_are_scrubbed() -> None:
    line = scrub("event='x' mobile=13812345678 to=lilei@example.com\nDETAIL:  Key (name)=(李雷) already exists.\nend")
    assert not any(secret in line for secret in ("13812345678", "lilei", "李雷"))
    assert "138****5678" in line and line.endswith("\nend")
    assert scrub("run=202601151234567890 total=13812") == "run=202601151234567890 total=13812"


def a_json_line(**facts: object) -> dict[str, object]:
    """What the production's formatter makes of an event."""
    settings = logging_config("INFO", JSON)["formatters"]["lines"]
    formatter = settings["()"](
        processors=settings["processors"], foreign_pre_chain=settings["foreign_pre_chain"]
    )
    record = logging.LogRecord("house", logging.ERROR, __file__, 1, facts, None, None)
    record._logger, record._name = logging.getLogger("house"), "house"
    line = formatter.format(record)
    assert "\n" not in line
    return dict(json.loads(line))


def test_what_is_scrubbed_leaves_the_line_whole() -> None:
    said = a_json_line(
        event="chunk_failed", error="no\nDETAIL:  Key (name)=(李雷) already exists.", mobile=13812345678,
        to=["lilei@example.com"], facts={"who": "13812345678"}, run=20270115,
    )
    assert said["error"] == "no\nDETAIL: (left out)" and said["run"] == 20270115
    assert said["mobile"] == "138****5678" and said["to"] == ["l***@example.com"]
    assert said["facts"] == {"who": "138****5678"}


@pytest.mark.parametrize("is_believed", [False, True])
def test_only_our_own_proxy_names_requests(settings: Any, is_believed: bool) -> None:
    settings.DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = is_believed
    named: list[str] = []

    def page(_request: HttpRequest) -> HttpResponse:
        named.append(structlog.contextvars.get_contextvars()["request_id"])
        return HttpResponse()

    request = RequestFactory().get("/admin/", headers={"x-request-id": "somebodys-word"})
    request.user = AnonymousUser()
    RequestLogMiddleware(page)(request)
    assert len(named) == 1 and (named[0] == "somebodys-word") is is_believed


def test_behind_no_proxy_nobody_is_believed() -> None:
    assert django_settings.DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID is django_settings.BEHIND_PROXY is False
