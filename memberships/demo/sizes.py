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
#: The nights of the full one, for fewer: for tests that look at what nights leave behind.
NIGHTS = DemoSize(400, 60, 10)
SIZES = {"full": FULL, "small": SMALL, "nights": NIGHTS}
