"""The number that people know a member by and their page, for floors that know members by their keys only."""

from django.urls import reverse
from stdnum import luhn

_pages: list[str] = []


def number_of(key: int) -> str:
    """The member's key and a Luhn digit, so that a slip is no other member."""
    digits = f"{key:010d}"
    return f"{digits}{luhn.calc_check_digit(digits)}"


def key_of(number: str) -> int | None:
    """The key in a member number, None when it is not one (its check digit fails)."""
    compact = number.replace(" ", "").replace("-", "")
    if len(compact) < 11 or len(compact) > 19 or not luhn.is_valid(compact):
        return None
    return int(compact[:-1])


def show_owners_on(page: str) -> None:
    """Say which page of the admin shows a member ("admin:..."), by their key. The floor that has members calls it."""
    _pages[:] = [page]


def page_of(key: int) -> str:
    """The address of a member's page; empty where no floor has members."""
    return reverse(_pages[0], args=[key]) if _pages else ""
