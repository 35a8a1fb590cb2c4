"""Settings of the embedded PostgreSQL, fitted to the machine it finds itself on.

Meant for 2 processors and 4 to 24 GB: most memory is left to the operating system's cache, and
checkpoints are rare, because bulk imports write much and read little.
"""

import os
import shutil
from pathlib import Path

_MB = 2**20
_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_ALWAYS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # The log holds no rows: neither statements, nor their parameters, nor the details of an error.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
}
_THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # It would come at any moment: the plans of a run are those of the runs before.
    "autovacuum": "off",
    "max_wal_size": "1GB",
    "shared_buffers": "128MB",
    # Several workers of the tests share a server, and each may send 64 people in at once.
    "max_connections": "400",
}


def postgres_settings(folder: Path, *, durable: bool) -> dict[str, str]:
    """The settings for a cluster in `folder`; one that is not durable is for tests."""
    memory = memory_bytes()
    settings = _ALWAYS | {
        # An import works on the indexes of a dozen tables at once.
        "shared_buffers": _megabytes(min(2048 * _MB, memory // 8)),
        "effective_cache_size": _megabytes(memory // 2),
        "maintenance_work_mem": _megabytes(min(128 * _MB, memory // 32)),
        "work_mem": _megabytes(min(32 * _MB, memory // 128)),
        "dynamic_shared_memory_type": "posix" if _has_room_in_shm() else "mmap",
    }
    if not durable:
        return settings | _THROW_AWAY
    free_disk = shutil.disk_usage(folder).free
    wal = max(min(8192 * _MB, free_disk // 5), 256 * _MB)
    return settings | {"fsync": "on", "synchronous_commit": "on", "max_wal_size": _megabytes(wal)}


def memory_bytes() -> int:
    """What this machine, or the container we are in, has."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in _CGROUP_LIMITS:
        try:
            memory = min(memory, int(path.read_text()))
        except (OSError, ValueError):  # no such limit here, or "max"
            continue
    return memory


def _has_room_in_shm() -> bool:
    """Containers often have 64 MB there, which a parallel query overruns."""
    try:
        return shutil.disk_usage("/dev/shm").total >= 1024 * _MB  # nosec B108
    except OSError:
        return False


def _megabytes(amount: int) -> str:
    return f"{amount // _MB}MB"
