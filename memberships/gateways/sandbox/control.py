"""Ordering the sandbox gateway about, and reading its books: for the demo, the tests and the benchmarks."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from memberships.gateways.sandbox.calls import Signer, call

SEED_SLICE = 5000


class SandboxControl:
    """The control calls of one sandbox gateway. Blocking; CallError where it says no or nothing."""

    def __init__(self, url: str, secret: str, *, timeout: float = 30.0) -> None:
        self.url, self.timeout = url, timeout
        self._signer = Signer(secret)

    def order_faults(self, **faults: Any) -> None:
        """In place of those ordered before: latency_ms, seed, is_down; orders, queries, events={fault: share}."""
        self._call("PUT", "/control/faults", data=faults)

    def clear_faults(self) -> None:
        self._call("DELETE", "/control/faults")

    def faults(self) -> dict[str, Any]:
        """What is ordered now."""
        answer: dict[str, Any] = self._call("GET", "/control/faults")
        return answer

    def set_clock(self, at: datetime | None) -> None:
        """What it books from now on bears the time that runs on from `at`; None: the machine's time again."""
        if at is None:
            self._call("DELETE", "/control/clock")
        else:
            self._call("PUT", "/control/clock", data={"at": at.isoformat()})

    def seed_charges(self, charges: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Book charges of the past and return them as booked, with their references.

        Each has key, token, amount (a string), at (an ISO instant); outcome and code where it was a decline. Sent in
        slices; may be repeated.
        """
        booked: list[dict[str, Any]] = []
        waiting = iter(charges)
        while lines := list(islice(waiting, SEED_SLICE)):
            booked += self._call("POST", "/control/seed", data={"charges": lines})["charges"]
        return booked

    def charges(self, *, token: str = "") -> list[dict[str, Any]]:
        """Every attempt at a charge, declines too, in the order of booking."""
        return list(self._pages("/control/charges", "charges", {"token": token}))

    def events(self) -> list[dict[str, Any]]:
        """What its listener heard: number, id, at, body (JSON text), deliveries."""
        return list(self._pages("/control/events", "events", {}))

    def in_flight(self) -> int:
        """How many charges and refunds wait for their answer now."""
        now: int = self._call("GET", "/control/load")["now"]
        return now

    def most_in_flight(self) -> int:
        """How many did at the same time, at most since the books were empty."""
        most: int = self._call("GET", "/control/load")["most"]
        return most

    def empty_books(self) -> None:
        self._call("DELETE", "/control/books")

    def _pages(self, path: str, name: str, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
        after = 0
        while after is not None:
            page = self._call("GET", path, query=query | {"after": after})
            yield from page[name]
            after = page["next"]

    def _call(self, method: str, path: str, **more: Any) -> Any:
        return call(self.url, self._signer, method, path, timeout=self.timeout, **more)
