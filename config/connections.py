"""How servers over a network are spoken to, so that a host that vanished without a word is noticed on both sides.

A cable that is pulled resets nothing: without these figures the kernel waits for two hours, and what a lost worker held
stays held as long. `silence` is after how many seconds without a sign of life a connection is given up.
"""

import socket
from typing import Any

SESSION, TRANSACTION = "session", "transaction"
POOLS = (SESSION, TRANSACTION)
#: Probes that go unanswered before a connection is given up.
PROBES = 3


def database_options(*, pool: str, silence: int) -> dict[str, Any]:
    """Django's settings of a database that is reached directly, or through PgBouncer's pool of that kind.

    A server's session is told how soon to give us up: PostgreSQL then rolls back, and lets go of locks. In a pool of
    transactions no session is ours: PgBouncer says so there (deploy/pgbouncer/), and no cursor outlives a transaction.
    """
    pause = _pause(silence)
    ours = {
        "connect_timeout": max(2, silence // 2), "tcp_user_timeout": silence * 1000, "keepalives": 1,
        "keepalives_idle": pause, "keepalives_interval": pause, "keepalives_count": PROBES,
    }  # fmt: skip
    if pool == TRANSACTION:
        return {"OPTIONS": ours, "DISABLE_SERVER_SIDE_CURSORS": True}
    theirs = {
        "tcp_keepalives_idle": pause, "tcp_keepalives_interval": pause, "tcp_keepalives_count": PROBES,
        "tcp_user_timeout": silence * 1000, "client_connection_check_interval": pause * 1000,
    }  # fmt: skip
    return {"OPTIONS": {**ours, "options": " ".join(f"-c {name}={value}" for name, value in theirs.items())}}


def redis_options(*, silence: int) -> dict[str, Any]:
    """The arguments of redis-py's connections, for the cache and the broker alike."""
    pause = _pause(silence)
    keepalive = {socket.TCP_KEEPIDLE: pause, socket.TCP_KEEPINTVL: pause, socket.TCP_KEEPCNT: PROBES}
    return {
        "socket_connect_timeout": max(2, silence // 2), "socket_timeout": silence, "socket_keepalive": True,
        "socket_keepalive_options": {**keepalive, socket.TCP_USER_TIMEOUT: silence * 1000},
    }  # fmt: skip


def _pause(silence: int) -> int:
    """Between probes: the first comes after one pause, the last goes unanswered after as many as there are probes."""
    return max(1, silence // (PROBES + 1))
