"""What the shipped roles do with credit, and how much of it alone."""

from operations import roles
from operations.roles import ADMINISTRATOR, CREDIT_CONTROLLER


def give_rights() -> None:
    """Called once, when Django starts. Viewing is everybody's."""
    roles.read_by_all("credit")
    for role in (CREDIT_CONTROLLER, ADMINISTRATOR):
        roles.give(role, "credit.pause_overdue", "credit.confirm_balance", "credit.export_creditline")
