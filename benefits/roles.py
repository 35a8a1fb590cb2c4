"""What the shipped roles do with benefits, and how much of it alone."""

from operations import roles
from operations.roles import ADMINISTRATOR, OPERATOR, PROGRAMME_MANAGER


def give_rights() -> None:
    """Called once, when Django starts. Viewing is everybody's."""
    roles.read_by_all("benefits")
    for role in (OPERATOR, ADMINISTRATOR):
        roles.give(
            role, "benefits.redeem_benefit", "benefits.return_redemption", "benefits.choose_benefit",
            "benefits.change_membersegment",
        )
    for role in (PROGRAMME_MANAGER, ADMINISTRATOR):
        roles.give(role, "benefits.change_benefitstock", "benefits.change_budget")
