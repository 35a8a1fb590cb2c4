"""An API of a tea shop, for the tests of the frame: one operation of each kind, and one that fails to order.

To be used as ROOT_URLCONF: `@pytest.mark.urls("tests.operations.api_shop")`.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import path
from ninja import Router, Schema, Status

from config.urls import urlpatterns as desk
from operations.api.auth import ApiToken, ClientRate, actor_of, needs
from operations.api.fields import Amount, Code, Count, Day, Id, IdempotencyKey, Text200
from operations.api.frame import DeskAPI
from operations.crypto import BrokenSealError
from operations.errors import KeyConflictError, NotPermittedError, PlusdeskError
from operations.models import User

SELL, BREW = "shop.sell", "shop.brew"
shop, kitchen = Router(), Router()


class Order(Schema):
    """What somebody wants."""

    tea: Code
    cups: Count
    price: Amount
    on: Day
    note: Text200 = ""


class Sold(Schema):
    """What was sold, by whom."""

    tea: str
    cups: int
    key: str
    by: str


class BrokenKettleError(PlusdeskError):
    """There is no hot water."""

    http_status = 409


FAILURES: dict[str, Exception] = {
    "service": PlusdeskError("The shop is closed."),
    "state": BrokenKettleError("There is no hot water."),
    "key": KeyConflictError("order-7"),
    "right": NotPermittedError("Not for you."),
    "django-right": PermissionDenied(),
    "missing": Http404("secret"),
    "nobody": User.DoesNotExist("secret"),
    "seal": BrokenSealError(),
    "bug": RuntimeError("secret of the house"),
}


@shop.post("/orders", response={201: Sold}, auth=needs(SELL))
def sell(request: HttpRequest, order: Order, key: IdempotencyKey) -> Any:
    """Sell tea."""
    return Status(201, {"tea": order.tea, "cups": order.cups, "key": key, "by": actor_of(request).username})


@shop.get("/orders/{number}", response=Sold)
def show_order(request: HttpRequest, number: Id, on: Day | None = None, word: str = "") -> Any:
    """What was sold."""
    return {"tea": word or "龙井", "cups": number, "key": str(on), "by": "shop"}


@shop.get("/failures/{kind}", auth=None, throttle=[])
def fail(request: HttpRequest, kind: str) -> Any:
    """Fail as told."""
    raise FAILURES[kind]


@shop.post("/names", auth=needs(SELL))
def take_name(request: HttpRequest, name: Text200, key: IdempotencyKey) -> Any:
    """Change something of which there is an audit trail."""
    user = actor_of(request)
    user.last_name = name
    user.save(update_fields=["last_name"])
    return {"name": user.last_name}


@kitchen.put("/kettles/{name}", auth=needs(BREW))
def boil(request: HttpRequest, name: Code, key: IdempotencyKey, temperatures: list[float]) -> Any:
    """Boil water."""
    return {"name": name, "temperatures": temperatures}


api = DeskAPI(
    title="Tea", version="0", urls_namespace="tea", auth=ApiToken(), throttle=[ClientRate()], max_body_bytes=2_000
)
api.add_router("/shop/", shop, tags=["Shop"])
api.add_router("/kitchen/", kitchen)
urlpatterns = [path("tea/", api.urls), *desk]
