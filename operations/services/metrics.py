"""The registry that Prometheus reads: what the processes of this host counted, and the gauges of the house."""

import os
import threading
import time
from collections.abc import Iterable
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from operations import registry

log = structlog.get_logger(__name__)

#: What was read is believed for so long, whoever asks and however often.
KEPT_SECONDS = 10.0
#: No gauge is worth more of the database's time.
LIMIT = "2s"


class HouseCollector:
    """Reads the registered gauges. One that cannot be read is named, and the others are there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[Metric] = []
        self._read_at = float("-inf")

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() - self._read_at > KEPT_SECONDS:
                try:
                    self._kept = self._read()
                finally:
                    # Each thread has a connection of its own, and the next question may come in another.
                    connection.close()
                self._read_at = time.monotonic()
            return self._kept

    def _read(self) -> list[Metric]:
        at = timezone.now()
        readable = GaugeMetricFamily("plusdesk_gauge_readable", "1 where a gauge could be read.", labels=["gauge"])
        found: list[Metric] = [readable]
        for gauge in registry.gauges:
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LIMIT])
                    for labels, value in gauge.read(at):
                        family.add_metric(labels, value)
                found.append(family)
                readable.add_metric([gauge.name], 1)
            except Exception as error:
                log.warning("gauge_not_read", gauge=gauge.name, error=type(error).__name__)
                readable.add_metric([gauge.name], 0)
        return found


def metrics_registry() -> CollectorRegistry:
    """With PROMETHEUS_MULTIPROC_DIR, what all processes of the host counted; else only this one's."""
    whole: Any = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
    else:
        whole.register(REGISTRY)
    whole.register(HouseCollector())
    return whole  # type: ignore[no-any-return]
