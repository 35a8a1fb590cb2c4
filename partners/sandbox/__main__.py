"""The sandbox partners as a process: `python -m partners.sandbox --data FILE [--port P] [--address FILE]`.

Listens on loopback only. Its secrets are those of the environment (SANDBOX_PARTNER_SECRET for the control,
SANDBOX_PARTNER_IQIYI_ORDERS_SECRET, SANDBOX_PARTNER_IQIYI_EVENTS_SECRET and so on), else those in the address file,
else fresh ones. Events go where --events-url or SANDBOX_PARTNER_EVENTS_URL says, or a control call later; it is kept.
SIGTERM ends it in good order; after kill -9 its books are as good.
"""

import argparse
import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from aiohttp import web

from memberships.gateways.sandbox.webhooks import decode_secret
from partners.sandbox.address import (
    Address,
    PartnerSecrets,
    fresh_control_secret,
    fresh_secrets,
    read_address,
    write_address,
)
from partners.sandbox.books import open_books, write_setting
from partners.sandbox.controls import EVENTS_URL
from partners.sandbox.house import House
from partners.sandbox.roster import SEEDED
from partners.sandbox.server import SandboxPartners

HOST = "127.0.0.1"
#: Answers that are under way at the end get so long; those that never come are not waited for.
SHUTDOWN_SECONDS = 1.0


async def serve(
    *, port: int, data: Path, address_file: Path | None, events_url: str, confirm_after_ms: int
) -> None:
    """Until SIGTERM or SIGINT."""
    known = address_with_environment(read_address(address_file) if address_file else None)
    books = open_books(data)
    house = House(books, known, _noter(address_file), confirm_after_ms=confirm_after_ms)
    await house.open()
    if events_url:
        await house.write(write_setting(EVENTS_URL, events_url.rstrip("/")))
    runner = web.AppRunner(SandboxPartners(house).app(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        house.listen_at(f"http://{HOST}:{runner.addresses[0][1]}")
        await _told_to_end()
    finally:
        await runner.cleanup()
        await books.close()


def address_with_environment(known: Address | None) -> Address:
    """What the address file says, with the keys that the environment gives. ValueError when one is no key."""
    address = known or Address("", fresh_control_secret())
    partners = {code: _from_environment(code, secrets) for code, secrets in address.partners.items()}
    for partner in SEEDED:
        partners.setdefault(partner.code, _from_environment(partner.code, fresh_secrets()))
    secret = os.environ.get("SANDBOX_PARTNER_SECRET") or address.secret
    return replace(address, secret=secret, partners=partners)


def _from_environment(code: str, secrets: PartnerSecrets) -> PartnerSecrets:
    name = f"SANDBOX_PARTNER_{code.upper().replace('-', '_')}"
    orders = os.environ.get(f"{name}_ORDERS_SECRET") or secrets.orders_secret
    events = os.environ.get(f"{name}_EVENTS_SECRET") or secrets.events_secret
    for secret in (orders, events):
        decode_secret(secret)
    return PartnerSecrets(orders, events)


def _noter(address_file: Path | None) -> Callable[[Address], None]:
    return lambda address: write_address(address_file, address) if address_file and address.url else None


async def _told_to_end() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m partners.sandbox", description="The sandbox partners.")
    parser.add_argument("--port", type=int, default=0, help="a port of the loopback; 0 takes a free one")
    parser.add_argument("--data", type=Path, required=True, help="the file of their books")
    parser.add_argument("--address", type=Path, help="the file to write their address and secrets to")
    events_url = os.environ.get("SANDBOX_PARTNER_EVENTS_URL", "")
    parser.add_argument("--events-url", default=events_url, help="the base of where events go")
    parser.add_argument("--confirm-after-ms", type=int, default=0, help="how late Kugou confirms at first")
    options = parser.parse_args()
    if not options.port and not options.address:
        parser.error("with port 0 nobody would know where it listens: give --address")
    os.umask(0o077)
    try:
        asyncio.run(serve(
            port=options.port, data=options.data, address_file=options.address, events_url=options.events_url,
            confirm_after_ms=options.confirm_after_ms,
        ))  # fmt: skip
    except (OSError, sqlite3.Error, ValueError) as error:
        sys.exit(f"The sandbox partners cannot start: {error}")


if __name__ == "__main__":
    main()
