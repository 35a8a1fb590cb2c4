"""Somebody's mail server: real SMTP on loopback, which takes mails or answers as it is told to."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Mailbox:
    """`answer` is what the server says to a recipient: "250 OK" takes the mail."""

    host: str = ""
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answer: Callable[[str], str] = lambda address: "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        said = self.answer(address)
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 OK"


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        host, port = free.getsockname()
    mailbox = Mailbox(host, port)
    server = Controller(mailbox, hostname=host, port=port)
    server.start()
    try:
        yield mailbox
    finally:
        server.stop()
