"""How the demo's members pay: agreements with the sandbox gateway, whose tokens say what becomes of charges.

What a token does is said in gateways/sandbox/tokens.py. A card that ends about now gets an interesting one more often.
"""

import random
from collections.abc import Iterable
from datetime import timedelta

from memberships.demo.cards import Days, Life
from memberships.models import PaymentMethod

GATEWAY = "sandbox"
#: Of a hundred cards, how many get which kind of token; "": no payment method, so not renewed by itself.
USUAL = {"ok": 88, "": 10, "soft": 1, "hard": 1}
#: The same of cards that end about now: "soft_1" and "soft_2" are declined once and twice, and then paid.
ENDING = {"ok": 64, "soft_1": 7, "soft_2": 5, "soft": 10, "hard": 9, "": 5}
LABELS = ("微信支付", "支付宝", "招商银行", "工商银行", "建设银行", "云闪付")


def give_methods(dice: random.Random, lives: Iterable[Life], days: Days) -> None:
    """A payment method for most lives, not saved yet; the members are there."""
    until = days.today + timedelta(days=4)
    for life in lives:
        is_ending = life.last_day is not None and days.first_night < life.last_day <= until
        kinds = ENDING if is_ending and life.subscription.ended_on is None else USUAL
        kind = dice.choices(list(kinds), weights=list(kinds.values()))[0]
        if kind:
            life.method = _method(dice, life, kind)


def _method(dice: random.Random, life: Life, kind: str) -> PaymentMethod:
    """Added when the card was asked for. Tokens that fail at first count the charges of the past."""
    member = life.subscription.member
    if kind.startswith("soft_"):
        kind = f"soft_{len(life.terms) + int(kind.removeprefix('soft_'))}"
    return PaymentMethod(
        member=member, gateway=GATEWAY, token=f"tok_{kind}_{member.pk:06d}",
        label=f"{dice.choice(LABELS)} {dice.randrange(10_000):04d}", added_on=life.subscription.requested_on,
    )
