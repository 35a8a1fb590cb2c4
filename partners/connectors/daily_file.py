"""Partners that take a file a day and answer by a result file (the protocol is told in partners/sandbox/server.py).

    what comes back of the file                  what it means
    -------------------------------------------  ----------------------------------------------------------------------
    201 or 200, signed, with our hash            TAKEN; the same file may be sent any number of times
    202, 200, asked for the result               it was TAKEN; 200 brings the result
    404 "absent", asked for the result           it never came: it is sent
    anything else, and nothing at all            nobody knows: it is asked about again
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple, Self
from uuid import uuid4

import aiohttp
import structlog
from yarl import URL

from operations.webhooks import WebhookError, sign, verify
from partners.connectors.api import Line, NoAnswerError, read_object

log = structlog.get_logger(__name__)
COLUMNS = ("line", "order", "command", "sku", "member", "starts_on", "ends_on")
RESULT_COLUMNS = ["line", "order", "result", "reference", "reason"]
#: A result of half a million lines is not as long; more is not read.
LONGEST_RESULT = 64 * 1024 * 1024
#: So many of the lines that something is wrong with are named.
NAMED = 100


class FileLine(NamedTuple):
    """A command in a file; `order` is our number of the fulfilment."""

    line: int
    order: str
    command: str
    sku: str
    member: str
    starts_on: date
    ends_on: date | None


class ResultLine(NamedTuple):
    """What the result file says of a line."""

    is_accepted: bool
    reference: str
    reason: str


@dataclass
class Result:
    """A result file, held against the lines of our file: what it says by line, and what does not fit.

    `missing`: lines that it passes over; `foreign`: rows of it that are none of ours, not clear, or said twice
    otherwise, of which the first NAMED are kept. `contradicted`: lines that are both accepted and rejected.
    """

    lines: dict[int, ResultLine] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    contradicted: set[int] = field(default_factory=set)
    foreign: list[str] = field(default_factory=list)
    foreign_count: int = 0

    def tally(self) -> dict[str, Any]:
        """In figures, with the first NAMED of what does not fit."""
        accepted = sum(line.is_accepted for line in self.lines.values())
        return {
            "accepted": accepted, "rejected": len(self.lines) - accepted, "missing_count": len(self.missing),
            "missing": self.missing[:NAMED], "foreign_count": self.foreign_count, "foreign": self.foreign,
        }


def write_file(lines: Iterable[FileLine]) -> bytes:
    """The bytes of a file: UTF-8, CRLF, the last day blank where there is none."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    return text.getvalue().encode()


def read_result(content: bytes, orders: dict[int, str]) -> Result:
    """A result file read against our lines, by line our number of the fulfilment. NoAnswerError where it is none."""
    result = Result()
    for row in _rows(content):
        line = int(row[0]) if row[0].isascii() and row[0].isdigit() and len(row[0]) < 10 else 0
        said = ResultLine(row[2] == "accepted", row[3][:128], row[4])
        is_ours = orders.get(line) == row[1] and row[2] in ("accepted", "rejected")
        if is_ours and result.lines.setdefault(line, said) == said:
            continue
        if is_ours and said.is_accepted != result.lines[line].is_accepted:
            result.contradicted.add(line)
        result.foreign_count += 1
        if len(result.foreign) < NAMED:
            result.foreign.append(",".join(row)[:200])
    result.missing = [line for line in orders if line not in result.lines]
    return result


def _rows(content: bytes) -> Iterator[list[str]]:
    """The rows after the header; NoAnswerError."""
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        if next(rows, None) != RESULT_COLUMNS:
            raise NoAnswerError("bad_answer", "header")
        for row in rows:
            if row and len(row) != len(RESULT_COLUMNS):
                raise NoAnswerError("bad_answer", f"row {rows.line_num}")
            if row:
                yield [cell.replace("\0", "") for cell in row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise NoAnswerError("bad_answer", str(error)[:100]) from None


class FileConnector:
    """One partner's box for files. Used inside `async with`."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._path = URL(line.url).raw_path.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        # A file takes as long as it takes, as long as something moves.
        timeout = aiohttp.ClientTimeout(sock_connect=self._line.timeout, sock_read=self._line.timeout)
        self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def put(self, name: str, content: bytes) -> None:
        """The partner has the file when this returns; NoAnswerError."""
        status, body = await self._call("PUT", f"/files/{name}", id=name, content=content)
        if status not in (200, 201):
            raise NoAnswerError(_code(status, body))
        if _field(body, "sha256") != sha256(content).hexdigest():
            raise NoAnswerError("bad_answer", "sha256")

    async def result(self, name: str) -> bytes | None:
        """The result file, None where there is none yet. NoAnswerError, its code "absent" where the file never came."""
        status, body = await self._call("GET", f"/files/{name}/result", id=f"ask_{uuid4().hex}")
        if status == 202:
            return None
        if status != 200:
            raise NoAnswerError(_code(status, body))
        return body

    async def _call(self, method: str, path: str, *, id: str, content: bytes = b"") -> tuple[int, bytes]:
        """Status and body of a signed answer to a signed call; NoAnswerError."""
        assert self._session is not None, "a connector is used inside `async with`"
        signed = content or f"{method} {self._path}{path}".encode()
        headers = sign(self._line.ours[0], id=id, at=datetime.now(UTC), body=signed)
        headers |= {"content-type": "text/csv; charset=utf-8", "Idempotency-Key": id} if content else {}
        url = URL(self._line.url.rstrip("/") + path, encoded=True)
        try:
            async with self._session.request(
                method, url, data=content or None, headers=headers, allow_redirects=False
            ) as response:
                body = await _read_body(response)
                answered = verify(dict(response.headers), body, self._line.theirs, now=datetime.now(UTC))
        except WebhookError:
            raise NoAnswerError("bad_signature" if response.status < 500 else f"http_{response.status}") from None
        except TimeoutError:
            raise NoAnswerError("timeout") from None
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswerError("unreachable", type(error).__name__) from None
        except NoAnswerError:
            raise
        except Exception as error:
            log.exception("partner_answer_unread", id=id)
            raise NoAnswerError("bad_answer", type(error).__name__) from None
        if answered != f"{response.status}:{id}":
            raise NoAnswerError("bad_signature")
        return response.status, body


async def _read_body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LONGEST_RESULT:
            raise NoAnswerError("bad_answer", "size")
    return bytes(body)


def _field(body: bytes, name: str) -> str:
    """A text of a JSON answer; "" where there is none."""
    value = (read_object(body) or {}).get(name)
    return value[:64] if isinstance(value, str) else ""


def _code(status: int, body: bytes) -> str:
    return _field(body, "code") or f"http_{status}"
