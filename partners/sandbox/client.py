"""Signed calls to a sandbox partner from blocking code, over the standard library: for tests and by hand.

Plusdesk itself calls through its connectors, which know partners by the protocol and not by this package.
"""

import http.client
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from memberships.gateways.sandbox import webhooks
from partners.sandbox.address import PartnerSecrets
from partners.sandbox.wire import content_of, headers_of, is_answer_signed


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `is_genuine` when the partner signed it for this very call."""

    status: int
    body: bytes
    headers: dict[str, str]
    is_genuine: bool

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.body)
        return data


class PartnerClient:
    """Calls one partner. OSError or HTTPException where no answer comes."""

    def __init__(self, url: str, code: str, secrets: PartnerSecrets, *, timeout: float = 10.0) -> None:
        self.url, self.code, self.secrets, self.timeout = url, code, secrets, timeout

    def get(self, path: str) -> Answer:
        return self.send("GET", path, id=f"ask_{uuid.uuid4().hex}")

    def post(self, path: str, data: Any, *, id: str) -> Answer:
        return self.send("POST", path, id=id, body=json.dumps(data).encode())

    def put_file(self, name: str, content: bytes) -> Answer:
        return self.send("PUT", f"/files/{name}", id=name, body=content)

    def send(self, method: str, path: str, *, id: str, body: bytes = b"", **headers: str) -> Answer:
        """`path` within the partner's; `headers` in place of ours, with _ for -."""
        path = f"/{self.code}{path}"
        content = content_of(method=method, path=path, body=body)
        sent = headers_of(self.secrets.orders_secret, id=id, timestamp=int(time.time()), body=content)
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=self.timeout)
        try:
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        got = {name.lower(): value for name, value in response.getheaders()}
        is_genuine = webhooks.SIGNATURE in got and is_answer_signed(
            self.secrets.events_secret, status=response.status, id=id, headers=got, body=answer
        )
        return Answer(response.status, answer, got, is_genuine)
