"""What a partner does at each call to it, once its signature is found right. `server.py` says what is sent and got."""

import time
from typing import Any

from memberships.gateways.sandbox.entries import RefusedError
from memberships.gateways.sandbox.wire import Call, Reply, word
from partners.sandbox import commands, files, orders, statements, status, usages
from partners.sandbox.books import PAGE
from partners.sandbox.house import House, Moment, page_of
from partners.sandbox.roster import find_partner as find_partner
from partners.sandbox.wire import id_of

_ABSENT = Reply(404, word("absent"))
_UNDER_WAY = Reply(202, word("under_way"))


async def place_order(house: House, moment: Moment, call: Call) -> Reply:
    digest = commands.digest_of(call.request.path, call.body)
    order = orders.Order.read(call.data(), id=id_of(call), digest=digest)
    return Reply(*await house.write(orders.place_order(moment, order)))


async def find_command(house: House, moment: Moment, call: Call) -> Reply:
    id, code = call.request.match_info["key"], moment.partner.code
    if answer := commands.find_command(house.books, code, id):
        return Reply(200, answer)
    return _UNDER_WAY if (code, id) in house.under_way else _ABSENT


async def find_fulfilment(house: House, moment: Moment, call: Call) -> Reply:
    return _found(orders.find_fulfilment(house.books, moment.partner.code, call.request.match_info["key"]))


async def list_usages(house: House, moment: Moment, call: Call) -> Reply:
    page = usages.list_usages(house.books, partner=moment.partner.code, after=call.number("after"))
    return Reply(200, page_of("usages", page, PAGE))


async def take_file(house: House, moment: Moment, call: Call) -> Reply:
    name = call.request.match_info["name"]
    if id_of(call) != name:
        raise RefusedError("invalid_request", "the webhook-id of a file is its name")
    return Reply(*await house.write(files.take_file(moment, name, call.body)))


async def find_result(house: House, moment: Moment, call: Call) -> Reply:
    name = call.request.match_info["name"]
    result = files.find_result(house.books, moment.partner.code, name, now=time.time())
    if result is None:
        return _UNDER_WAY if (moment.partner.code, name) in house.under_way else _ABSENT
    return Reply(200, result) if result else _UNDER_WAY


async def match_status(house: House, moment: Moment, call: Call) -> Reply:
    order = status.MatchOrder.read(call.data())
    digest = commands.digest_of(call.request.path, call.body)
    return Reply(*await house.write(status.match_status(moment, order, id=id_of(call), digest=digest)))


async def end_status(house: House, moment: Moment, call: Call) -> Reply:
    data = call.data()
    match, digest = commands.read_word("match", data.get("match")), commands.digest_of(call.request.path, call.body)
    reason = commands.read_text("reason", data.get("reason", ""))
    commands.read_day("on", data.get("on"))
    return Reply(*await house.write(status.end_status(moment, match, reason=reason, id=id_of(call), digest=digest)))


async def find_match(house: House, moment: Moment, call: Call) -> Reply:
    return _found(status.find_match(house.books, moment.partner.code, call.request.match_info["key"]))


async def show_statement(house: House, moment: Moment, call: Call) -> Reply:
    month = statements.read_month(call.word("month"))
    return Reply(200, statements.write_statement(house.books, moment.partner, month))


def _found(data: dict[str, Any] | None) -> Reply:
    return _ABSENT if data is None else Reply(200, data)


#: Method, path, what the partner must do to have it, and the handler.
ROUTES = (
    ("POST", "/{partner}/orders", "orders", place_order),
    ("GET", "/{partner}/orders/{key}", "", find_command),
    ("GET", "/{partner}/fulfilments/{key}", "", find_fulfilment),
    ("GET", "/{partner}/usages", "usages", list_usages),
    ("PUT", "/{partner}/files/{name}", "files", take_file),
    ("GET", "/{partner}/files/{name}/result", "files", find_result),
    ("POST", "/{partner}/status-matches", "status", match_status),
    ("POST", "/{partner}/status-matches/end", "status", end_status),
    ("GET", "/{partner}/status-matches/{key}", "status", find_match),
    ("GET", "/{partner}/statement", "", show_statement),
)  # fmt: skip
