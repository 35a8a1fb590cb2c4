"""Signed calls to the sandbox gateway from blocking code, over the standard library."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from memberships.gateways.sandbox import signing


class CallError(Exception):
    """No answer that could be trusted, or one that says no: `status` and the gateway's `data` in that case."""

    def __init__(self, message: str, *, status: int = 0, data: Any = None) -> None:
        self.status, self.data = status, data
        super().__init__(message)


class Signer:
    """Signs requests, allowing for a clock of ours that is wrong, once the gateway has said what time it is."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self._ahead = 0

    def headers(self, *, method: str, path: str, key: str = "", body: bytes = b"") -> dict[str, str]:
        timestamp = str(int(time.time()) + self._ahead)
        signature = signing.sign_request(
            self.secret, method=method, path=path, timestamp=timestamp, key=key, body=body
        )
        headers = {signing.TIMESTAMP: timestamp, signing.SIGNATURE: signature}
        return headers | {signing.KEY: key} if key else headers

    def read(self, sent: dict[str, str], *, status: int, signature: str, body: bytes) -> Any:
        """The answer's data; CallError when the gateway did not sign it, or not for what was sent."""
        expected = signing.sign_answer(
            self.secret, request_signature=sent[signing.SIGNATURE], status=status, body=body
        )
        if not signing.is_same(signature, expected):
            raise CallError("the answer is not signed by the gateway", status=status)
        return json.loads(body)

    def allows_for(self, status: int, data: Any) -> bool:
        """Whether the gateway refused a wrong time of ours, which is allowed for from now on."""
        if status != 401 or not isinstance(data, dict) or data.get("code") != "clock_skew":
            return False
        self._ahead = int(data["now"]) - int(time.time())
        return True


def call(
    url: str, signer: Signer, method: str, path: str, *, query: dict[str, Any] | None = None, data: Any = None,
    timeout: float,
) -> Any:
    """The answer's data, for a status of 2xx; CallError for anything else. No proxy is asked."""
    path = f"{path}?{urlencode(query)}" if query else path
    body = b"" if data is None else json.dumps(data).encode()
    for is_second in (False, True):
        status, answer = _call_once(url, signer, method, path, body, timeout)
        if not is_second and signer.allows_for(status, answer):
            continue
        if 200 <= status < 300:
            return answer
        break
    raise CallError(f"the gateway answers {status}: {answer}", status=status, data=answer)


def _call_once(url: str, signer: Signer, method: str, path: str, body: bytes, timeout: float) -> tuple[int, Any]:
    headers = signer.headers(method=method, path=path, body=body)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        signature, answer = response.getheader(signing.SIGNATURE, ""), response.read()
    except (OSError, http.client.HTTPException) as error:
        raise CallError(f"the gateway cannot be reached: {error}") from error
    finally:
        connection.close()
    try:
        return response.status, signer.read(headers, status=response.status, signature=signature, body=answer)
    except ValueError as error:
        raise CallError("the answer cannot be read", status=response.status) from error
