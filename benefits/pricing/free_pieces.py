"""Buy one, get one free: which pieces of an order are free.

Within a category the pieces are put in order of their price, the dearest first, and taken together as a purchase at a
time: of two the cheaper one is free. So a member who may use it once gets the most for it that it can give.
"""

from collections.abc import Iterable, Sequence

from benefits.pricing.orders import Line

#: Pieces of one line: the line's key, the price of a piece in fen, how many.
Run = tuple[str, int, int]


def free_pieces(
    pieces: Iterable[tuple[Line, int]], *, pays_for: int, gets: int, times: int | None
) -> dict[str, int]:
    """What comes off each line, in fen, of (line, price of a piece). `times`: so many purchases at the most, spent on
    the categories where they bring most; None: all there are."""
    by_category: dict[str, list[Run]] = {}
    for line, price in sorted(pieces, key=lambda each: (-each[1], each[0].key)):
        by_category.setdefault(line.category, []).append((line.key, price, line.quantity))
    size = pays_for + gets
    purchases = {category: sum(run[2] for run in runs) // size for category, runs in by_category.items()}
    if times is not None:
        purchases = _most_worth(by_category, purchases, pays_for, gets, times)
    off: dict[str, int] = {}
    for category, runs in by_category.items():
        for key, price, count in _free(runs, purchases[category], pays_for, gets):
            off[key] = off.get(key, 0) + price * count
    return off


def _free(runs: Sequence[Run], purchases: int, pays_for: int, gets: int) -> list[Run]:
    """The free pieces of the first so many purchases."""
    size, end, start = pays_for + gets, purchases * (pays_for + gets), 0

    def free_before(place: int) -> int:
        return place // size * gets + max(0, place % size - pays_for)

    found = []
    for key, price, count in runs:
        first, last = min(start, end), min(start + count, end)
        found.append((key, price, free_before(last) - free_before(first)))
        start += count
    return found


def _most_worth(
    by_category: dict[str, list[Run]], possible: dict[str, int], pays_for: int, gets: int, times: int
) -> dict[str, int]:
    """How many purchases of each category: the next one is each time where it brings most (then by name).

    A later purchase of a category never brings more than an earlier one, so this is the best there is.
    """
    taken = dict.fromkeys(by_category, 0)

    def worth(category: str, purchases: int) -> int:
        return sum(price * count for _, price, count in _free(by_category[category], purchases, pays_for, gets))

    for _ in range(min(times, sum(possible.values()))):
        open_ones = [category for category in sorted(by_category) if taken[category] < possible[category]]
        best = max(open_ones, key=lambda each: worth(each, taken[each] + 1) - worth(each, taken[each]))
        taken[best] += 1
    return taken
