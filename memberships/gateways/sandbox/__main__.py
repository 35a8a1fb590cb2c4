"""The sandbox gateway as a process: `python -m memberships.gateways.sandbox --data FILE [--port P] [--address FILE]`.

Listens on loopback only. Its secrets are those of SANDBOX_GATEWAY_SECRET and SANDBOX_EVENTS_SECRET, else those in the
address file, else fresh ones. SIGTERM ends it in good order; after kill -9 its books are as good.
"""

import argparse
import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

from aiohttp import web

from memberships.gateways.sandbox.address import Address, fresh_secrets, read_address, write_address
from memberships.gateways.sandbox.books import Books
from memberships.gateways.sandbox.server import SandboxServer

HOST = "127.0.0.1"
#: Answers that are under way at the end get so long; those that never come are not waited for.
SHUTDOWN_SECONDS = 1.0


async def serve(*, port: int, data: Path, address_file: Path | None) -> None:
    """Until SIGTERM or SIGINT."""
    known = read_address(address_file) if address_file else None
    fresh, fresh_events = (known.secret, known.events_secret) if known else fresh_secrets()
    secret = os.environ.get("SANDBOX_GATEWAY_SECRET") or fresh
    events_secret = os.environ.get("SANDBOX_EVENTS_SECRET") or fresh_events
    books = Books(data)
    app = SandboxServer(books, secret=secret, events_secret=events_secret).app()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        if address_file:
            url = f"http://{HOST}:{runner.addresses[0][1]}"
            write_address(address_file, Address(url, secret, events_secret))
        await _told_to_end()
    finally:
        await runner.cleanup()
        await books.close()


async def _told_to_end() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m memberships.gateways.sandbox", description="The sandbox gateway.")
    parser.add_argument("--port", type=int, default=0, help="a port of the loopback; 0 takes a free one")
    parser.add_argument("--data", type=Path, required=True, help="the file of its books")
    parser.add_argument("--address", type=Path, help="the file to write its address and secrets to")
    options = parser.parse_args()
    if not options.port and not options.address:
        parser.error("with port 0 nobody would know where it listens: give --address")
    os.umask(0o077)
    try:
        asyncio.run(serve(port=options.port, data=options.data, address_file=options.address))
    except (OSError, sqlite3.Error, ValueError) as error:
        sys.exit(f"The sandbox gateway cannot start: {error}")


if __name__ == "__main__":
    main()
