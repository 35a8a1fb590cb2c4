"""The PostgreSQL and the Valkey that Plusdesk brings along.

`servers()` has them running while its body runs; `database_url()` and `redis_url()` say where they
are; `private_servers()` starts a pair of their own for tests and benchmarks. Nothing here reads
Django's settings: the servers must be up before those are read.
"""

from config.embedded.errors import EmbeddedServersError
from config.embedded.paths import data_dir
from config.embedded.private import PrivateServers, private_servers
from config.embedded.servers import (
    are_running,
    database_url,
    read_env_file,
    redis_url,
    servers,
    start_missing,
)

__all__ = [
    "EmbeddedServersError",
    "PrivateServers",
    "are_running",
    "data_dir",
    "database_url",
    "private_servers",
    "read_env_file",
    "redis_url",
    "servers",
    "start_missing",
]
