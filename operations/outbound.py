"""Many calls to the outside world at a time: a thread with an event loop makes them, the caller writes answers down.

While one batch of answers is written to the database, the next calls are already under way.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")
A = TypeVar("A")
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many calls may be under way, and how many may begin in a second (0: as many as there are)."""

    in_flight: int
    per_second: float = 0


@dataclass(frozen=True, slots=True)
class _End:
    """The last thing in the queue: the calls are over, by an error or not."""

    error: BaseException | None = None


def answers_of(
    items: Iterable[T], call: Callable[[C, T], Awaitable[A]], *,
    opened: Callable[[], AbstractAsyncContextManager[C]], limits: Limits, batch: int = 500, patience: float = 0.5,
) -> Iterator[list[A]]:
    """Call for each item; yield the answers in batches, in the order they come.

    `opened()` gives what the calls share (connections); it is entered and left in the loop's thread. A batch holds
    at most `batch` answers and what came within `patience` seconds of its first. An error of a call is raised here;
    whoever stops reading early ends the calls, those under way are waited for and their answers lost.
    """
    caller = _Caller(call, opened, limits, iter(items))
    thread = threading.Thread(target=caller.run, name="outbound", daemon=True)
    thread.start()
    try:
        yield from caller.batches(batch, patience)
    finally:
        caller.is_stopped.set()
        thread.join()


class _Caller(Generic[C, T, A]):
    """The thread's side: as many workers as may be in flight, each taking one item after the other."""

    def __init__(
        self, call: Callable[[C, T], Awaitable[A]], opened: Callable[[], AbstractAsyncContextManager[C]],
        limits: Limits, items: Iterator[T],
    ) -> None:
        self.call, self.opened, self.limits, self.items = call, opened, limits, items
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.is_stopped = threading.Event()
        self._next_start = 0.0

    def run(self) -> None:
        try:
            asyncio.run(self._call_all())
        except BaseException as error:
            self.answers.put(_End(error))
        else:
            self.answers.put(_End())

    async def _call_all(self) -> None:
        async with self.opened() as shared, asyncio.TaskGroup() as group:
            for _worker in range(self.limits.in_flight):
                group.create_task(self._work(shared))

    async def _work(self, shared: C) -> None:
        for item in self.items:
            await self._wait_for_turn()
            if self.is_stopped.is_set():
                return
            self.answers.put(await self.call(shared, item))

    async def _wait_for_turn(self) -> None:
        if not self.limits.per_second:
            return
        now = time.monotonic()
        self._next_start = max(self._next_start, now) + 1 / self.limits.per_second
        await asyncio.sleep(self._next_start - 1 / self.limits.per_second - now)

    def batches(self, most: int, patience: float) -> Iterator[list[A]]:
        """The caller's side: what came, until the end; an error after the answers that came before it."""
        while True:
            batch: list[A] = []
            end = self._gather(batch, most, patience)
            if batch:
                yield batch
            if end is not None:
                if end.error is not None:
                    raise end.error
                return

    def _gather(self, batch: list[A], most: int, patience: float) -> _End | None:
        answer = self.answers.get()
        deadline = time.monotonic() + patience
        while True:
            if isinstance(answer, _End):
                return answer
            batch.append(answer)
            if len(batch) >= most:
                return None
            try:
                answer = self.answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return None
