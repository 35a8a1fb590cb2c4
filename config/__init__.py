"""Wiring: settings, URLs, servers and the Celery application."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`celery -A config` finds its application here, while settings-free helpers import config cheaply."""
    if name in ("app", "celery_app"):
        from config.celery import app

        return app
    raise AttributeError(name)
