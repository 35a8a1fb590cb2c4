"""Wiring: settings, URLs, servers and the Celery application."""

import gc
from typing import Any

# A process makes a million objects at its start, and they stay: to look through them for rubbish takes a sixth of it.
gc.set_threshold(50_000, 20, 100)


def __getattr__(name: str) -> Any:
    """`celery -A config` finds its application here, while settings-free helpers import config cheaply."""
    if name in ("app", "celery_app"):
        from config.celery import app

        return app
    raise AttributeError(name)
