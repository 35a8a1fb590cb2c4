"""Fifty shops at once on one line: as many orders as fit are held, and not one more."""

import pytest

from credit.errors import DrawRefusedError
from credit.models import Authorisation
from tests.credit.credit_stories import TODAY, a_line
from tests.credit.draw_stories import captured, figures, held, voided
from tests.credit.receipt_stories import differences
from tests.memberships.points_stories import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_fifty_orders_at_once_hold_exactly_what_fits_and_each_order_once() -> None:
    line = a_line(1_000, on=TODAY)
    results = at_once(*[lambda number=number: held(line, 70, key=f"order:{number}") for number in range(50)])
    made = [each for each in results if isinstance(each, Authorisation)]
    assert len(made) == 14 and all(isinstance(each, DrawRefusedError) for each in results if each not in made)
    assert figures(line) == [0, 980, 20]
    # Each shop captures a part and voids the rest while the same order is asked for again by others.
    again = at_once(
        *[lambda order=order: captured(order, 50, key=f"capture:{order.pk}") for order in made for _twice in range(2)],
        *[lambda order=order: held(line, 70, key=order.key) for order in made[:5]],
    )
    assert {each for each in again if isinstance(each, Authorisation)} == set(made[:5])
    assert figures(line) == [700, 280, 20]
    at_once(*[lambda order=order: voided(order) for order in made for _twice in range(2)])
    assert figures(line) == [700, 0, 300]
    mixed = at_once(*[lambda number=number: held(line, str(30 + number), key=f"more:{number}") for number in range(20)])
    taken = sum(each.amount for each in mixed if isinstance(each, Authorisation))
    assert figures(line) == [700, taken, 300 - taken] and taken <= 300
    # Whoever was refused would be now, too: nothing that fits was left out.
    smallest = min(30 + number for number, each in enumerate(mixed) if not isinstance(each, Authorisation))
    assert 300 - taken < smallest and differences() == []
