"""gunicorn for a host that serves the desk: `gunicorn --config deploy/gunicorn.conf.py`, started by systemd.

https://docs.gunicorn.org/en/stable/settings.html. Figures come from the environment where a host may want others.
"""

import multiprocessing
import os
import runpy
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

wsgi_app = "config.wsgi:application"
# Not resolved: /opt/plusdesk/current leads to another release by the time of a HUP. Nothing of the product is imported
# here for the same reason: what the master holds its new processes would inherit.
PROJECT = Path(__file__).absolute().parents[1]
chdir = os.fspath(PROJECT)

# A socket that only nginx may open: nobody else on the host can pretend to be the proxy. Its group is the unit's.
bind = os.environ.get("WEB_BIND", "unix:/run/plusdesk/web.sock")
umask = 0o007
# nginx is the only one who gets here; which of its headers are believed is for BEHIND_PROXY to say.
forwarded_allow_ips = "*"
# gunicorn's own door for commands is not needed: systemd sends signals.
control_socket_disable = True

worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", str(min(8, multiprocessing.cpu_count() * 2 + 1))))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Each thread keeps a connection to PgBouncer open for a minute: processes x threads x hosts < its max_client_conn.
worker_tmp_dir = "/dev/shm"  # nosec B108  # heartbeats: a slow disk must not look like a worker that hangs

# A process that does not answer for so long is ended. A file of a gigabyte comes through nginx as a whole, so that
# what is left for us is writing and hashing it.
timeout = 180
# How long requests under way may take when a process is to end. nginx and systemd wait longer.
graceful_timeout = 60
keepalive = 0
# Leaks of libraries end with the process that has them; not all at the same time.
max_requests, max_requests_jitter = 20_000, 4_000

# Each process imports the code itself: at HUP the new ones take the new release, while the master stays.
preload_app = False

# Requests are logged by django-structlog with user and request id; gunicorn's own line would hold the query.
accesslog = None
logconfig_dict: dict[str, Any] = runpy.run_path(os.fspath(PROJECT / "config" / "logs.py"))["logging_config"](
    os.environ.get("LOG_LEVEL", "INFO"), os.environ.get("LOG_FORMAT", "json")
)


def child_exit(_server: Any, worker: Any) -> None:
    """What a process that has ended counted stays, its gauges go."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
