"""Logs: one line an event, key=value or a JSON object, on the console; without personal data.

Personal data gets into logs by accident: the database names the failing row in its errors. So every line is
scrubbed at the end, whoever wrote it.
"""

import re
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

#: PostgreSQL's "DETAIL: Key (mobile)=(...) already exists" and "Failing row contains (...)".
_DETAIL = re.compile(r"(DETAIL:|Failing row contains)[^\n]*?(?=\\n|\n|$)")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_EMAIL = re.compile(r"([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)")


def scrub(line: str) -> str:
    """A log line with mobiles, addresses and the database's details masked."""
    line = _DETAIL.sub(r"\1 (left out)", line)
    line = _MOBILE.sub(r"\1****\2", line)
    return _EMAIL.sub(r"\1***@\2", line)


def _scrubbed(value: Any) -> Any:
    """A value with every text in it scrubbed; before it is rendered, since what is cut off may be the end of a text."""
    if isinstance(value, dict):
        return {str(key): _scrubbed(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_scrubbed(each) for each in value]
    if value is None or isinstance(value, bool | float):
        return value
    text = scrub(str(value))
    return value if isinstance(value, int) and text == str(value) else text


def _scrub_event(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    scrubbed: EventDict = _scrubbed(dict(event))
    return scrubbed


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%f%z", utc=False),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]

#: What says at INFO that a task was sent, received or done: every five seconds, also where nothing is to do.
_CHATTY = ["celery.beat", "celery.worker.strategy", "celery.app.trace", "django_structlog.celery"]

structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)


TEXT, JSON = "text", "json"
FORMATS = (TEXT, JSON)


def _renderer(form: str) -> Processor:
    if form == JSON:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"], drop_missing=True)


def logging_config(level: str, form: str = TEXT) -> dict[str, Any]:
    """Django's LOGGING: everything to the console, one handler. gunicorn takes it too (deploy/gunicorn.conf.py)."""
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _scrub_event, _renderer(form)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": last,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"handlers": ["console"], "level": level, "propagate": False},
            # Requests are logged once, by django_structlog; runserver and Django's own lines would hold the query.
            "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
            # gunicorn gives it a handler of its own before it asks us.
            "gunicorn.error": {"handlers": ["console"], "level": level, "propagate": False},
            **{name: {"level": "WARNING"} for name in _CHATTY},
        },
    }
