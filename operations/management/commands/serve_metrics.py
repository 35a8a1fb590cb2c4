"""manage.py serve_metrics [--bind 127.0.0.1:9464]: what Prometheus reads, on an address of its own.

A process beside the web: the desk has no page of metrics that could be left open, and they are there when it is not.
"""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from prometheus_client import start_http_server

from operations.services.metrics import metrics_registry


class Command(BaseCommand):
    """Runs until it is ended. Whoever reaches the address may read: loopback, or one of the monitoring's network."""

    help = "Serve metrics for Prometheus until ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:9464", help="address and port (127.0.0.1:9464)")

    def handle(self, *args: Any, **options: Any) -> None:
        host, _colon, port = options["bind"].rpartition(":")
        if not host or not port.isdecimal():
            raise CommandError(f"--bind {options['bind']} is no address and port, as 127.0.0.1:9464.")
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_signal: ended.set())
        server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=metrics_registry())
        ended.wait()
        server.shutdown()
        server.server_close()
        thread.join()
