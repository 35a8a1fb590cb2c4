"""The log holds events, no chatter, and the house's time."""

import logging
import re

import pytest
import structlog

from config.logs import scrub


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
