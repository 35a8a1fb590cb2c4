"""Measures the pages of the desk over HTTP, as each role, and looks at their plans: full.py starts it.

Warm: each page is asked before it is measured. Its figure is the 95th percentile of so many requests, the best of three
rounds; a page that keeps its limit in a round is not asked for another.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()

import requests as http
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse

from benchmarks.full_asked import LIMITS, ROLES, Ask, Page, pages
from benchmarks.full_lists import list_pages
from benchmarks.full_plans import Fault, Looked, Plans
from benchmarks.house import parent_of, postgres_pid, say, wait_for
from config.embedded.state import free_port
from operations.models import User

PROJECT = Path(__file__).resolve().parents[1]
ROUNDS = 3
WARM = 20


@dataclass(frozen=True)
class Result:
    """A page: milliseconds of its best round, and what its statements touch."""

    page: Page
    p50: float
    p95: float
    cpu: float
    looked: Looked

    @property
    def is_good(self) -> bool:
        return self.p95 <= LIMITS[self.page.group] and not self.looked.faults

    def line(self) -> str:
        verdict = "ok" if self.is_good else "FAILED"
        return (
            f"{self.page.name:<52}{self.p50:>8.0f}{self.p95:>8.0f}{self.cpu:>8.0f}{LIMITS[self.page.group]:>7}"
            f"{self.looked.statements:>6}{self.looked.buffers:>8,}  {verdict}"
        )


HEADINGS = f"{'page':<52}{'p50 ms':>8}{'p95 ms':>8}{'cpu ms':>8}{'limit':>7}{'stmts':>6}{'buffers':>8}"


def main(requests: int, only: str) -> int:
    """The table on stdout; 1 where a page is too slow or a statement unbounded."""
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    # The test client tells the filters of a list then.
    setup_test_environment()
    plans, results, told = Plans(), [], set[str]()
    with _web() as (address, web):

        def processes() -> set[int]:
            return descendants({web, postgres_pid()})

        clients = {role: _client(address, login.username) for role, login in ROLES.items()}
        say(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        print(HEADINGS, flush=True)
        for page in chain(pages(requests=requests), list_pages(requests=requests)):
            if only in f"{page.group} {page.name}":
                looked = plans.look(page)
                began = _cpu_ms(processes())
                p50, p95, asked = _measured(clients[page.role], page, requests)
                cpu = (_cpu_ms(processes()) - began) / asked
                results.append(Result(page, p50, p95, cpu, looked))
                print(results[-1].line(), flush=True)
                for fault in looked.faults:
                    if fault.statement not in told:
                        told.add(fault.statement)
                        _tell(fault)
    bad = [result.page.name for result in results if not result.is_good]
    print(f"{len(results)} pages, {len(bad)} failed; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    return 1 if bad else 0


def _tell(fault: Fault) -> None:
    print(f"\n{fault.page} ({fault.path}): {fault.why}\n    {fault.sql[:1500]}")


@contextmanager
def _web() -> Iterator[tuple[str, int]]:
    """A web process as `make run` starts it, alone; its address and id."""
    port = free_port()
    options = f"--bind=127.0.0.1:{port} --workers=1 --threads=4 --log-level=error"
    command = [sys.executable, "-m", "gunicorn", *options.split(), "config.wsgi:application"]
    with subprocess.Popen(command, cwd=PROJECT) as web:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: _answers(address), "The start of the web process", seconds=60)
            yield address, web.pid
        finally:
            web.terminate()


def _answers(address: str) -> bool:
    try:
        return http.get(f"{address}/admin/login/", timeout=5).status_code < 500
    except http.RequestException:
        return False


class Browser(http.Session):
    """One that is signed in, at an address; redirections are the measure's own affair."""

    def __init__(self, address: str, session: str) -> None:
        super().__init__()
        self.address = address
        self.cookies.set(settings.SESSION_COOKIE_NAME, session)

    def request(self, method: str, path: str, **options: Any) -> http.Response:  # type: ignore[override]
        return super().request(method, self.address + path, **options | {"timeout": 120, "allow_redirects": False})


def _client(address: str, username: str) -> Browser:
    """A browser that is signed in."""
    signed = Client()
    signed.force_login(User.objects.get(username=username))
    session = signed.cookies[settings.SESSION_COOKIE_NAME].value
    client = Browser(address, session)
    client.get("/admin/")
    return client


def _cpu_ms(processes: set[int]) -> float:
    """Processor time that these have used."""
    ticks = 0
    for pid in processes:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def descendants(ancestors: set[int]) -> set[int]:
    """These processes and those that they began, directly or not."""
    parents = {int(each.name): parent_of(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdecimal()}
    found = set(ancestors)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _measured(client: Browser, page: Page, requests: int) -> tuple[float, float, int]:
    """Median and 95th percentile of the best round, in milliseconds; how many requests were made in all."""
    best = (float("inf"), float("inf"))
    asked = len(_round(client, page, min(WARM, requests)))
    for _number in range(ROUNDS):
        times = sorted(_round(client, page, requests))
        asked += len(times)
        found = times[len(times) // 2], times[len(times) * 95 // 100]
        best = min(best, found, key=lambda each: each[1])
        if best[1] <= LIMITS[page.group]:
            break
    return *best, asked


def _round(client: Browser, page: Page, requests: int) -> list[float]:
    times = []
    for ask in islice(cycle(page.asks), requests):
        began = time.perf_counter()
        response = _ask(client, ask)
        times.append((time.perf_counter() - began) * 1000)
        if response.status_code not in (200, 302):
            raise AssertionError(f"{ask.path}: {response.status_code}")
    return times


def _ask(client: Browser, ask: Ask) -> http.Response:
    if ask.data is None:
        return client.get(ask.path)
    token = client.cookies.get(settings.CSRF_COOKIE_NAME, "")
    data = {**ask.data, "csrfmiddlewaretoken": token}
    response = client.post(ask.path, data=data, headers={"referer": client.address})
    # To what was found, or to the list; the page of the one record found is measured by itself.
    leads_to = response.headers.get("location", "")
    if leads_to.startswith((reverse("admin:found"), ask.path.removesuffix("find/") + "?")):
        return client.get(leads_to)
    return response


if __name__ == "__main__":
    try:
        failed = main(int(sys.argv[1]), sys.argv[2])
    finally:
        connection.close()
    sys.exit(failed)
