"""The Celery application; the state of every job is in PostgreSQL, the broker only carries nudges."""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import beat_init, setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import messages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
messages.compile_if_possible()

app = Celery("plusdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_kwargs: Any) -> None:
    """Celery asks who sets up logging: config.logs did, when Django was set up."""


@beat_init.connect
def say_that_beat_began(**_kwargs: Any) -> None:
    """The one line of beat: that it sends nudges every few seconds is not logged."""
    structlog.get_logger(__name__).info("beat_started")
