"""What can go wrong with credit, told in the operator's language."""

from operations.errors import PlusdeskError


class CreditError(PlusdeskError):
    """The base of this floor's errors."""
