"""Ports and passwords of a data folder's servers: one small file that only its owner may read."""

import dataclasses
import json
import os
import random
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.embedded.accounts import give_to_folder_owner
from config.embedded.errors import EmbeddedServersError
from config.embedded.paths import make_data_dir
from config.embedded.processes import is_port_free

# Below the range that Linux hands out for outgoing connections, so that ports stay ours.
PORTS = range(20000, 32000)


@dataclass(frozen=True)
class Endpoint:
    """Where one server listens, and the password it wants."""

    port: int
    password: str

    @classmethod
    def fresh(cls) -> "Endpoint":
        return cls(free_port(), secrets.token_hex(24))


@dataclass(frozen=True)
class State:
    """The endpoints of both servers."""

    postgres: Endpoint
    valkey: Endpoint

    def moved(self, name: str) -> "State":
        """The same, with the server called `name` on another port."""
        endpoint = dataclasses.replace(getattr(self, name), port=free_port())
        return dataclasses.replace(self, **{name: endpoint})


def free_port() -> int:
    """A random port that nothing listens on."""
    chooser = random.SystemRandom()
    for _ in range(200):
        port = chooser.choice(PORTS)
        if is_port_free(port):
            return port
    raise EmbeddedServersError(f"No free port was found between {PORTS.start} and {PORTS.stop}.")


def load_or_create(folder: Path) -> State:
    """The state of a data folder, chosen now when there is none yet."""
    path = _path(make_data_dir(folder))
    if not path.exists():
        fresh = _written_beside(path, State(Endpoint.fresh(), Endpoint.fresh()))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process chose first: its choice stands
        finally:
            fresh.unlink()
    return load(folder)


def load(folder: Path) -> State:
    path = _path(folder)
    try:
        raw = json.loads(path.read_text())
        return State(Endpoint(**raw["postgres"]), Endpoint(**raw["valkey"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EmbeddedServersError(
            f"{path}, which holds the ports and passwords of the embedded servers, cannot be read: {error}"
        ) from error


def save(folder: Path, state: State) -> None:
    """Replace the state in one step; a reader sees the old or the new one."""
    _written_beside(_path(folder), state).replace(_path(folder))


def _path(folder: Path) -> Path:
    return folder / "servers.json"


def _written_beside(path: Path, state: State) -> Path:
    """A complete temporary file in the same folder, readable by its owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as file:
        json.dump(dataclasses.asdict(state), file)
        file.flush()
        os.fsync(file.fileno())
    give_to_folder_owner(Path(name))
    return Path(name)
