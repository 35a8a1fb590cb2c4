"""How big a demo is."""

from typing import NamedTuple


class DemoSize(NamedTuple):
    """People, firms, and how many business dates up to yesterday the real jobs live through."""

    people: int
    firms: int
    nights: int


#: So many nights that a card which is declined for ever lapses.
FULL = DemoSize(2_000, 500, 10)
#: For who only wants to see that everything starts.
SMALL = DemoSize(200, 50, 2)
#: For tests that look at what nights leave behind: cards in grace, attempts at failed renewals. None lapses yet.
NIGHTS = DemoSize(400, 60, 4)
SIZES = {"full": FULL, "small": SMALL, "nights": NIGHTS}
