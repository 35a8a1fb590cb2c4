"""Wiring done when Django starts, whichever process it is."""

import gc

from django.apps import AppConfig


class PlusdeskConfig(AppConfig):
    name = "config"
    verbose_name = "Plusdesk"

    def ready(self) -> None:
        # Without it the tasks of a web process would belong to an application of Celery that knows no broker.
        from config import celery  # noqa: F401

        # What is loaded by now stays: not looked through for rubbish again, nor copied for that by forked workers.
        gc.freeze()
