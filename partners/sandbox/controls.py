"""What the control calls do; `server.py` lists them, `control.py` makes them."""

import time
from dataclasses import asdict, replace
from typing import Any

from memberships.gateways.sandbox.entries import RefusedError, read_instant
from memberships.gateways.sandbox.webhooks import decode_secret
from memberships.gateways.sandbox.wire import Call, Reply
from partners.sandbox import commands, events, files, orders, roster, statements, status, usages
from partners.sandbox.address import PartnerSecrets, fresh_secrets
from partners.sandbox.books import PAGE, empty_books, read_setting, write_setting
from partners.sandbox.clockwork import count_to_confirm
from partners.sandbox.faults import PartnerFaults
from partners.sandbox.house import House, Moment, page_of

EVENTS_URL = "events_url"


# --- the house ---


async def show_events_url(house: House, call: Call) -> Reply:
    return Reply(200, {"url": read_setting(house.books, EVENTS_URL)})


async def set_events_url(house: House, call: Call) -> Reply:
    url = call.data().get("url")
    if not isinstance(url, str) or not (url == "" or url.startswith(("http://", "https://"))):
        raise RefusedError("invalid_request", "url is that of a web server, or empty")
    await house.write(write_setting(EVENTS_URL, url.rstrip("/")))
    return await show_events_url(house, call)


async def show_clock(house: House, call: Call) -> Reply:
    return Reply(200, {"at": house.clock.now().isoformat(), "is_stamped": house.is_stamped})


async def set_clock(house: House, call: Call) -> Reply:
    data = call.data()
    house.clock.set(read_instant(data.get("at")))
    house.is_stamped = data.get("is_stamped") is True
    return await show_clock(house, call)


async def reset_clock(house: House, call: Call) -> Reply:
    house.clock.set(None)
    house.is_stamped = False
    return await show_clock(house, call)


async def show_load(house: House, call: Call) -> Reply:
    to_confirm = count_to_confirm(house.books)  # first: with what is confirmed meanwhile there is an event to send
    to_send = events.count_waiting(house.books)
    return Reply(200, {
        "now": house.load.now, "most": house.load.most, "to_confirm": to_confirm, "to_send": to_send,
    })  # fmt: skip


async def empty(house: House, call: Call) -> Reply:
    await house.books.write(empty_books)
    await house.open()
    house.load.most = house.load.now
    return Reply(200, {})


async def list_partners(house: House, call: Call) -> Reply:
    return Reply(200, {"partners": [roster.as_data(partner) for partner in roster.list_partners(house.books)]})


async def make_partner(house: House, call: Call) -> Reply:
    """One that is there is as if it were new, with the keys it has."""
    partner = roster.read_partner(call.data())
    if partner.code not in house.address.partners:
        house.give_secrets(partner.code, fresh_secrets())
    await house.write(roster.keep_partners([partner]))
    secrets = house.secrets_of(partner.code)
    return Reply(201, roster.as_data(partner) | {
        "orders_secret": secrets.orders_secret, "events_secret": secrets.events_secret,
    })  # fmt: skip


# --- one partner ---


async def change_partner(house: House, moment: Moment, call: Call) -> Reply:
    partner = roster.change_partner(moment.partner, call.data())
    await house.write(roster.keep_partners([partner]))
    return Reply(200, roster.as_data(partner))


async def change_secrets(house: House, moment: Moment, call: Call) -> Reply:
    data, known = call.data(), house.secrets_of(moment.partner.code)
    for name in ("orders_secret", "events_secret"):
        secret = data.get(name, "whsec_YQ==")
        if not isinstance(secret, str) or not secret.startswith("whsec_") or not _is_secret(secret):
            raise RefusedError("invalid_request", f"{name} is whsec_ and base64")
    house.give_secrets(moment.partner.code, PartnerSecrets(
        data.get("orders_secret", known.orders_secret), data.get("events_secret", known.events_secret),
    ))  # fmt: skip
    return Reply(200, {})


def _is_secret(secret: str) -> bool:
    try:
        return decode_secret(secret) != b""
    except ValueError:
        return False


async def show_faults(house: House, moment: Moment, call: Call) -> Reply:
    return Reply(200, house.chooser_of(moment.partner.code).faults.as_data())


async def order_faults(house: House, moment: Moment, call: Call) -> Reply:
    data = call.data()
    try:
        house.order_faults(moment.partner.code, PartnerFaults.read(data))
    except ValueError as error:
        raise RefusedError("invalid_request", str(error)) from error
    return await show_faults(house, moment, call)


async def clear_faults(house: House, moment: Moment, call: Call) -> Reply:
    house.order_faults(moment.partner.code, PartnerFaults())
    return await show_faults(house, moment, call)


async def list_fulfilments(house: House, moment: Moment, call: Call) -> Reply:
    page = orders.list_fulfilments(house.books, partner=moment.partner.code, after=call.number("after"))
    return Reply(200, page_of("fulfilments", page, PAGE))


async def list_commands(house: House, moment: Moment, call: Call) -> Reply:
    page = commands.list_commands(house.books, partner=moment.partner.code, after=call.number("after"))
    return Reply(200, page_of("commands", page, PAGE))


async def confirm(house: House, moment: Moment, call: Call) -> Reply:
    """Those named, or all that wait; some hundreds at a time go into the books together."""
    keys, now = _words(call.data(), "orders"), time.time()
    confirmed = await house.write(status.confirm_matches(moment, keys, now=now))
    while count := await house.write(orders.confirm_orders(moment, keys, now=now)):
        confirmed += count
    return Reply(200, {"confirmed": confirmed})


async def change_order(house: House, moment: Moment, call: Call) -> Reply:
    data = call.data()
    key = commands.read_word("order", data.get("order"))
    state = commands.read_choice("state", data.get("state"), orders.CHANGES)
    reason = commands.read_text("reason", data.get("reason", ""))
    return Reply(200, await house.write(orders.change_by_itself(moment, key, state, reason)))


async def list_events(house: House, moment: Moment, call: Call) -> Reply:
    page = events.list_events(house.books, partner=moment.partner.code, after=call.number("after"))
    return Reply(200, page_of("events", page, PAGE))


async def send_events(house: House, moment: Moment, call: Call) -> Reply:
    await house.write(events.hasten(moment.partner.code))
    return Reply(200, {})


async def use_benefit(house: House, moment: Moment, call: Call) -> Reply:
    use = usages.Use.read(call.data(), moment.at)
    return Reply(200, {"usages": await house.write(usages.use_benefit(moment, use))})


async def show_files(house: House, moment: Moment, call: Call) -> Reply:
    return Reply(200, asdict(files.FileOrders.read(moment.partner.file_orders)))


async def order_files(house: House, moment: Moment, call: Call) -> Reply:
    orders = asdict(files.FileOrders.read(call.data()))
    await house.write(roster.keep_partners([replace(moment.partner, file_orders=orders)]))
    return Reply(200, orders)


async def release_result(house: House, moment: Moment, call: Call) -> Reply:
    await house.write(files.release_result(moment.partner.code, call.request.match_info["name"]))
    return Reply(200, {})


async def end_status(house: House, moment: Moment, call: Call) -> Reply:
    data = call.data()
    match = commands.read_word("match", data.get("match"))
    reason = commands.read_text("reason", data.get("reason", ""))
    return Reply(200, await house.write(status.end_by_itself(moment, match, reason=reason)))


async def present_status(house: House, moment: Moment, call: Call) -> Reply:
    await house.write(status.present_status(moment, call.data()))
    return Reply(200, {})


async def register_member(house: House, moment: Moment, call: Call) -> Reply:
    await house.write(status.register_member(moment, call.data()))
    return Reply(200, {})


async def plant(house: House, moment: Moment, call: Call) -> Reply:
    data = call.data()
    month = statements.read_month(data.get("month"))
    await house.write(statements.plant(house.books, moment.partner, month, data))
    return Reply(200, {"plants": statements.list_plants(house.books, moment.partner, month)})


async def list_plants(house: House, moment: Moment, call: Call) -> Reply:
    month = statements.read_month(call.word("month"))
    return Reply(200, {"plants": statements.list_plants(house.books, moment.partner, month)})


async def unplant(house: House, moment: Moment, call: Call) -> Reply:
    await house.write(statements.unplant(moment.partner.code, statements.read_month(call.word("month"))))
    return Reply(200, {})


def _words(data: dict[str, Any], name: str) -> list[str]:
    """A list of words, empty where it is not there."""
    words = data.get(name, [])
    if not isinstance(words, list):
        raise RefusedError("invalid_request", f"{name} is a list")
    return [commands.read_word(name, value) for value in words]


ROUTES = (
    ("GET", "/control/events-url", show_events_url),
    ("PUT", "/control/events-url", set_events_url),
    ("GET", "/control/clock", show_clock),
    ("PUT", "/control/clock", set_clock),
    ("DELETE", "/control/clock", reset_clock),
    ("GET", "/control/load", show_load),
    ("DELETE", "/control/books", empty),
    ("GET", "/control/partners", list_partners),
    ("POST", "/control/partners", make_partner),
)
#: Those that concern one partner; after the others, whose paths look the same.
PARTNER_ROUTES = (
    ("PUT", "/control/{partner}", change_partner),
    ("PUT", "/control/{partner}/secrets", change_secrets),
    ("GET", "/control/{partner}/faults", show_faults),
    ("PUT", "/control/{partner}/faults", order_faults),
    ("DELETE", "/control/{partner}/faults", clear_faults),
    ("GET", "/control/{partner}/fulfilments", list_fulfilments),
    ("GET", "/control/{partner}/commands", list_commands),
    ("POST", "/control/{partner}/confirm", confirm),
    ("POST", "/control/{partner}/changes", change_order),
    ("GET", "/control/{partner}/events", list_events),
    ("POST", "/control/{partner}/events/send", send_events),
    ("POST", "/control/{partner}/usages", use_benefit),
    ("GET", "/control/{partner}/files", show_files),
    ("PUT", "/control/{partner}/files", order_files),
    ("POST", "/control/{partner}/files/{name}", release_result),
    ("POST", "/control/{partner}/status/ended", end_status),
    ("POST", "/control/{partner}/status/presented", present_status),
    ("POST", "/control/{partner}/status/registered", register_member),
    ("GET", "/control/{partner}/plants", list_plants),
    ("PUT", "/control/{partner}/plants", plant),
    ("DELETE", "/control/{partner}/plants", unplant),
)
