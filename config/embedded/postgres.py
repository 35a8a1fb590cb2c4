"""The embedded PostgreSQL: one cluster, one superuser, one database, all called `plusdesk`."""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.embedded import processes, tuning
from config.embedded.accounts import Account
from config.embedded.errors import EmbeddedServersError
from config.embedded.paths import Programs
from config.embedded.state import Endpoint

NAME = "plusdesk"
SETTINGS = "postgres.conf"


@dataclass(frozen=True)
class Postgres:
    """PostgreSQL over the folder `root`/postgres."""

    root: Path
    programs: Programs
    account: Account
    durable: bool = True
    at_our_end: int | None = None
    name = "postgres"
    title = "PostgreSQL"

    @property
    def data(self) -> Path:
        return self.root / "postgres"

    @property
    def log(self) -> Path:
        return self.root / "postgres.log"

    @property
    def cluster_name(self) -> str:
        """Stands in the title of every process of this cluster, so that they can be told apart."""
        return f"plusdesk-{hashlib.sha256(str(self.data).encode()).hexdigest()[:12]}"

    @staticmethod
    def url(endpoint: Endpoint) -> str:
        return f"postgresql://{NAME}:{endpoint.password}@127.0.0.1:{endpoint.port}/{NAME}"

    def pid(self) -> int | None:
        """The server process, if it lives."""
        for pid, arguments in processes.command_lines():
            if self._is_ours(arguments):
                return pid
        return None

    def _is_ours(self, arguments: list[str]) -> bool:
        return bool(arguments) and arguments[0].endswith("/postgres") and str(self.data) in arguments[1:]

    def is_ready(self, endpoint: Endpoint) -> bool:
        """Whether it takes connections: its pid file says so in the eighth line."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        is_ready = len(lines) > 7 and lines[7].strip() == "ready"
        return is_ready and self._is_ours(processes.command_line(int(lines[0])))

    def launch(self, endpoint: Endpoint) -> subprocess.Popen[bytes]:
        """Start the server process on a cluster that is made first when there is none."""
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster(endpoint)
        self._write_settings(endpoint)
        return processes.spawn(
            [self.programs.postgres_bin / "postgres", "-D", self.data],
            account=self.account,
            folder=self.data,
            log=self.log,
            at_our_end=self.at_our_end,
        )

    def clear_leftovers(self) -> None:
        """Remove what a crash left and what would keep the next start from succeeding.

        Called when no server process lives. Its orphans hold on to shared memory until they notice,
        and the number in its pid file may by now belong to another process.
        """
        self.kill_children()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def kill_children(self) -> None:
        """End every process of the cluster besides the server process, without asking it."""
        for pid in self.children():
            processes.send_signal(pid, signal.SIGKILL)
        processes.wait_until(lambda: not self.children(), seconds=10)

    def children(self) -> list[int]:
        title = f"postgres: {self.cluster_name}: "
        return [pid for pid, arguments in processes.command_lines() if arguments[0].startswith(title)]

    def stop(self) -> None:
        """End it in good order (open transactions are rolled back), and by force after a minute."""
        for number, seconds in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            pid = self.pid()
            if pid is None:
                break
            processes.send_signal(pid, number)
            processes.wait_until(lambda: self.pid() is None, seconds=seconds)
        self.kill_children()

    def _create_cluster(self, endpoint: Endpoint) -> None:
        """Make cluster and database in a temporary folder: a start that is cut off leaves nothing."""
        for abandoned in self.root.glob("postgres-new-*"):
            shutil.rmtree(abandoned)
        fresh = Path(tempfile.mkdtemp(prefix="postgres-new-", dir=self.root))
        self.account.own(fresh)
        try:
            self._initdb(fresh, endpoint.password)
            with (fresh / "postgresql.conf").open("a") as file:
                file.write(f"\ninclude = '../{SETTINGS}'\n# Your own settings go below.\n")
            self._write_settings(endpoint)
            postgres = self.programs.postgres_bin / "postgres"
            self._run([postgres, "--single", "-D", fresh, "postgres"], fresh, f"CREATE DATABASE {NAME};\n")
            fresh.rename(self.data)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise

    def _initdb(self, folder: Path, password: str) -> None:
        with tempfile.NamedTemporaryFile("w", dir=self.root, prefix="password-") as file:
            file.write(password)
            file.flush()
            self.account.own(Path(file.name))
            command: list[Path | str] = [
                self.programs.postgres_bin / "initdb",
                f"--pgdata={folder}",
                f"--username={NAME}",
                f"--pwfile={file.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--data-checksums",
                *([] if self.durable else ["--no-sync"]),
            ]
            self._run(command, folder, "")

    def _run(self, command: Sequence[Path | str], folder: Path, text: str) -> None:
        done = subprocess.run(  # nosec B603
            [os.fspath(part) for part in command],
            input=text,
            capture_output=True,
            text=True,
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            **self.account.spawn_options(),
        )
        if done.returncode:
            raise EmbeddedServersError(f"{command[0]} failed: {done.stderr or done.stdout}")

    def _write_settings(self, endpoint: Endpoint) -> None:
        """Beside the cluster: its own folder belongs to its account, where root should not write."""
        settings = tuning.postgres_settings(self.root, durable=self.durable)
        settings |= {"port": str(endpoint.port), "cluster_name": self.cluster_name}
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        path = self.root / SETTINGS
        path.write_text(f"# Written at every start; own settings belong in postgresql.conf.\n{lines}")
        self.account.own(path)
