"""Start Plusdesk, watch over it, and stop it: `python -m config.run`, which `make run` calls."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, ModuleType

from django.core.exceptions import ImproperlyConfigured

from config import embedded, messages
from config.embedded import locks
from config.embedded.paths import PROJECT, make_data_dir, needed_servers
from config.flags import flag
from config.run import gateway, partner, web
from config.run.children import Child, GaveUpError, say

HEALTHY_WITHIN = 180.0
TICK = 1.0


class Supervisor:
    """The children in the order of their start; they are stopped in the opposite order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.children: list[Child] = []
        self._is_stopping = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first one ends the run in good order; from the second on there is no patience."""
        if not self._is_stopping:
            self._is_stopping = True
            raise KeyboardInterrupt
        say("Stopping at once.")
        for child in self.children:
            child.kill()

    def run(self) -> int:
        """Everything from the first step to the last; returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        code = 0
        try:
            self._run_with_servers()
        except KeyboardInterrupt:
            say("Plusdesk has stopped.")
        except (GaveUpError, embedded.EmbeddedServersError) as error:
            print(f"Plusdesk has stopped: {error}", file=sys.stderr)
            code = 1
        return code

    def _run_with_servers(self) -> None:
        say("Starting the servers ...")
        with embedded.servers():
            try:
                self._prepare()
                port = web.choose_port(os.environ.get("PORT") or "8000")
                with _address_noted(self.folder, f"http://127.0.0.1:{port}/") as address:
                    if partner.is_wanted():
                        partner.send_events_to(self.folder, address)
                    self._start_children(port)
                    self._wait_until_healthy(port)
                    self._greet(address)
                    while True:
                        self._tick()
            finally:
                self._is_stopping = True
                self._stop_children()

    def _prepare(self) -> None:
        messages.compile_missing()
        self._do("migrate", "migrate", "--noinput", "--verbosity=1")
        self._do("static", "collectstatic", "--noinput", "--verbosity=0")
        if gateway.is_wanted():
            self._start_sandbox(gateway)
        if partner.is_wanted():
            self._start_sandbox(partner)
        if not flag("PLUSDESK_PRODUCTION"):
            self._do("demo", "load_demo")

    def _start_sandbox(self, sandbox: ModuleType) -> None:
        """Before the demo, which talks to it, and before those that call it. `sandbox`: gateway or partner."""
        port = sandbox.choose_port(self.folder)
        child = sandbox.make_child(self.folder, port)
        self.children.append(child)
        child.start()
        sandbox.wait_until_it_answers(child, port)

    def _do(self, name: str, *command: str) -> None:
        """Run a manage.py command that must succeed."""
        child = Child(name, ["manage.py", *command])
        self.children.append(child)
        child.start()
        child.finish()
        self.children.remove(child)

    def _start_children(self, port: int) -> None:
        schedule = self.folder / "beat-schedule"
        web_options = f"--bind=127.0.0.1:{port} --workers=2 --threads=4 --graceful-timeout=10 --no-control-socket"
        worker_options = "worker --concurrency=2 --loglevel=INFO --without-gossip --without-mingle"
        beat_options = ["beat", "--loglevel=INFO", f"--schedule={schedule}", "--pidfile="]
        celery = ["-m", "celery", "-A", "config", "--quiet"]
        for child in (
            Child("web", ["-m", "gunicorn", *web_options.split(), "config.wsgi:application"], logs=self.logs),
            Child("worker", [*celery, *worker_options.split()], patience=30, logs=self.logs),
            Child("beat", [*celery, *beat_options], logs=self.logs),
        ):
            self.children.append(child)
            child.start()

    def _wait_until_healthy(self, port: int) -> None:
        deadline = time.monotonic() + HEALTHY_WITHIN
        while True:
            is_healthy, answer = web.health(port)
            if is_healthy:
                return
            if time.monotonic() > deadline:
                raise GaveUpError(f"it did not become healthy in {HEALTHY_WITHIN:g} s: {answer}")
            self._tick()

    def _tick(self) -> None:
        """See that everything lives; start again what does not."""
        time.sleep(TICK)
        if not embedded.are_running():
            say("An embedded server has ended; starting it again.")
            embedded.start_missing()
        for child in self.children:
            child.watch()

    def _greet(self, address: str) -> None:
        command = [sys.executable, "manage.py", "load_demo", "--logins"]
        logins = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)  # nosec B603
        say(f"\nPlusdesk is ready: {address}\n")
        say(logins.stdout.strip() if logins.returncode == 0 else "(There are no demo logins.)")
        where = "where DATABASE_URL says" if os.environ.get("DATABASE_URL") else f"in {self.folder}"
        say(f"\nIts data is {where}, its logs are in {self.logs}. Ctrl-C stops it.\n")

    def _stop_children(self) -> None:
        for child in reversed(self.children):
            child.stop()


@contextlib.contextmanager
def _address_noted(folder: Path, address: str) -> Iterator[str]:
    """Leave the address where a second `make run` finds it."""
    note = folder / "address"
    note.touch(mode=0o600)
    note.write_text(address)
    try:
        yield address
    finally:
        note.unlink(missing_ok=True)


def main() -> int:
    embedded.read_env_file()
    try:
        folder = make_data_dir(embedded.data_dir(), for_servers=bool(needed_servers()))
    except (embedded.EmbeddedServersError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    with locks.attempted(folder / "run", shared=False) as lock:
        if lock is None:
            note = folder / "address"
            where = f"running at {note.read_text()}" if note.exists() else "starting"
            print(f"Plusdesk is already {where} (data folder {folder}).", file=sys.stderr)
            return 1
        (folder / "address").unlink(missing_ok=True)
        return Supervisor(folder).run()


if __name__ == "__main__":
    sys.exit(main())
