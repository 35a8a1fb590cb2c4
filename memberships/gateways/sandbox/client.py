"""The adapter of the sandbox gateway, and the pattern of one that calls over HTTP itself.

    what comes back                                    Answer
    -------------------------------------------------  -----------------------------------------------------
    200, signed                                        its outcome
    404, signed                                        ABSENT
    400, signed: it will never do that                 HARD_DECLINE with its code
    409, signed: the key was used for something else   UNKNOWN, key_conflict: somebody has to look into it
    202, 401, 5xx                                      UNKNOWN with its code
    no answer, or one that is not signed by it         UNKNOWN: timeout, unreachable, bad_signature, bad_answer
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from yarl import URL

from memberships.errors import GatewayUnreachableError
from memberships.gateways.base import Answer, Charge, GatewayRecord, Outcome, RefundOrder
from memberships.gateways.sandbox import signing
from memberships.gateways.sandbox.address import read_address
from memberships.gateways.sandbox.calls import CallError, Signer, call


class SandboxGateway:
    """The gateway at `url`, or where `address_file` says at the time of use that it listens."""

    def __init__(
        self, *, name: str, url: str = "", secret: str = "", address_file: Path | None = None, timeout: float = 10
    ) -> None:
        self.name = name
        self._url, self._secret = url.rstrip("/"), secret
        self._address_file = address_file
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._base, self._signer = "", Signer("")

    async def __aenter__(self) -> Self:
        self._base, self._signer = self._find()
        self._session = aiohttp.ClientSession(
            # How many calls are under way is the caller's to limit.
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *error: Any) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def charge(self, charge: Charge) -> Answer:
        return await self._ask("POST", "/charges", charge.key, {
            "token": charge.token, "amount": str(charge.amount), "currency": charge.currency,
            "description": charge.description,
        })

    async def find_charge(self, key: str) -> Answer:
        return await self._ask("GET", f"/charges/{quote(key, safe='')}", key)

    async def refund(self, order: RefundOrder) -> Answer:
        return await self._ask("POST", "/refunds", order.key, {
            "charge_key": order.charge_key, "reference": order.reference, "amount": str(order.amount),
            "currency": order.currency,
        })

    async def find_refund(self, key: str) -> Answer:
        return await self._ask("GET", f"/refunds/{quote(key, safe='')}", key)

    def list_records(self, *, first: date, last: date) -> Iterator[GatewayRecord]:
        url, signer = self._find()
        after: str | None = ""
        while after is not None:
            query = {"first": first.isoformat(), "last": last.isoformat(), "after": after}
            try:
                page = call(url, signer, "GET", "/records", query=query, timeout=self._timeout)
            except CallError as error:
                raise GatewayUnreachableError(self.name, str(error)) from error
            for record in page["records"]:
                yield GatewayRecord(
                    record["key"], record["reference"], Decimal(record["amount"]), datetime.fromisoformat(record["at"])
                )
            after = page["next"]

    def _find(self) -> tuple[str, Signer]:
        """Where it is and what signs; an empty place when no gateway was ever started here."""
        if self._url:
            return self._url, Signer(self._secret)
        address = read_address(self._address_file) if self._address_file else None
        return (address.url, Signer(address.secret)) if address else ("", Signer(""))

    async def _ask(self, method: str, path: str, key: str, data: dict[str, Any] | None = None) -> Answer:
        body = b"" if data is None else json.dumps(data).encode()
        try:
            status, answer = await self._call(method, path, key, body)
            if self._signer.allows_for(status, answer):
                status, answer = await self._call(method, path, key, body)
            return _read(key, status, answer)
        except TimeoutError:
            return Answer(key, Outcome.UNKNOWN, "timeout")
        except CallError as error:
            return Answer(key, Outcome.UNKNOWN, "bad_signature", message=str(error))
        except (aiohttp.ClientError, OSError) as error:
            return Answer(key, Outcome.UNKNOWN, "unreachable", message=str(error)[:200])
        except (ValueError, TypeError, KeyError, ArithmeticError):
            return Answer(key, Outcome.UNKNOWN, "bad_answer")

    async def _call(self, method: str, path: str, key: str, body: bytes) -> tuple[int, Any]:
        assert self._session is not None, "a gateway is used inside `async with`"
        headers = self._signer.headers(method=method, path=path, key=key if body else "", body=body)
        async with self._session.request(
            method, URL(self._base + path, encoded=True), data=body or None, headers=headers, allow_redirects=False
        ) as response:
            answer = await response.read()
            signature = response.headers.get(signing.SIGNATURE, "")
            return response.status, self._signer.read(
                headers, status=response.status, signature=signature, body=answer
            )


def _read(key: str, status: int, data: dict[str, Any]) -> Answer:
    """The answer in a signed reply, by the table above."""
    if status == 200:
        if data["key"] != key:
            return Answer(key, Outcome.UNKNOWN, "bad_answer", message="it answers for another key")
        return Answer(
            key, Outcome(data["outcome"]), data["code"], data["reference"], data["message"],
            amount=abs(Decimal(data["amount"])), token=data["token"],
        )
    outcome = {404: Outcome.ABSENT, 400: Outcome.HARD_DECLINE}.get(status, Outcome.UNKNOWN)
    return Answer(key, outcome, data["code"], message=data["message"])
