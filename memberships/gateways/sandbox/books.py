"""The gateway's own books: an SQLite file, which stands for the store of a company that is not ours.

Nothing is answered before it is committed, so that neither a restart nor kill -9 loses what was acknowledged. Writes
that wait at the same time are committed together: a disk that takes 5 ms for a commit does not hold up 64 callers.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], Any]

#: A write waits so long for others to be committed with it.
GATHER_SECONDS = 0.005

#: `fen` is signed: a refund's is negative. `day` is the business date. A decline is kept, but moved no money.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'refund')),
    key TEXT NOT NULL,
    charge_key TEXT NOT NULL,
    token TEXT NOT NULL,
    fen INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('succeeded', 'soft', 'hard')),
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    at TEXT NOT NULL,
    day TEXT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX IF NOT EXISTS entries_of_token ON entries (token) WHERE kind = 'charge';
CREATE INDEX IF NOT EXISTS entries_of_charge ON entries (charge_key) WHERE kind = 'refund';
CREATE INDEX IF NOT EXISTS entries_by_day ON entries (day, id) WHERE outcome = 'succeeded';
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    body TEXT NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 1
);
"""


class Books:
    """One file of books. Writing is for the thread of the books; reading is quick enough for the loop's own."""

    def __init__(self, path: Path, schema: str = _SCHEMA) -> None:
        self._writer = _connected(path)
        self._writer.executescript(schema)
        self._reader = _connected(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="books")
        self._waiting: list[tuple[Operation, asyncio.Future[Any]]] = []
        self._committer: asyncio.Task[None] | None = None

    def read(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        return self._reader.execute(statement, values).fetchall()

    async def write(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Do `operation` in a transaction and return what it returned once that is committed.

        Operations are done one after the other in the order they came. One may refuse by a ValueError, before it has
        written anything; by any other error nothing is done, of those committed with it neither.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((operation, done))
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_waiting())
        return await done

    async def close(self) -> None:
        """After the last write; what waits is still committed."""
        if self._committer is not None:
            await self._committer
        self._thread.shutdown()
        self._reader.close()
        self._writer.close()

    async def _commit_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER_SECONDS)
            batch, self._waiting = self._waiting, []
            operations = [operation for operation, _done in batch]
            results = await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, operations)
            for (_operation, done), result in zip(batch, results, strict=True):
                if done.cancelled():
                    continue
                if isinstance(result, Exception):
                    done.set_exception(result)
                else:
                    done.set_result(result)
        self._committer = None

    def _commit(self, operations: list[Operation]) -> list[Any]:
        """What each returned, or the ValueError by which it refused; one error for all when the commit fails."""
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            results = [self._result_of(operation) for operation in operations]
            self._writer.execute("COMMIT")
        except Exception as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            return [error] * len(operations)
        return results

    def _result_of(self, operation: Operation) -> Any:
        try:
            return operation(self._writer)
        except ValueError as error:
            return error


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection
