"""What a partner does at each call to it, once its signature is found right. `server.py` says what is sent and got."""

from typing import Any

from memberships.gateways.sandbox.wire import Call, Reply, word
from partners.sandbox import commands, orders
from partners.sandbox.house import House, Moment
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


def _found(data: dict[str, Any] | None) -> Reply:
    return _ABSENT if data is None else Reply(200, data)


#: Method, path, what the partner must do to have it, and the handler.
ROUTES = (
    ("POST", "/{partner}/orders", "orders", place_order),
    ("GET", "/{partner}/orders/{key}", "", find_command),
    ("GET", "/{partner}/fulfilments/{key}", "", find_fulfilment),
)  # fmt: skip
