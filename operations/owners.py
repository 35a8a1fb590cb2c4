"""The number that people know a member by, for floors that know members by their keys only."""

from stdnum import luhn


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
