"""What the shipped roles do with benefits, and how much of it alone."""

from benefits.services.budgets import SET_BUDGET
from operations import roles
from operations.roles import ADMINISTRATOR, AUDITOR, OPERATOR, PROGRAMME_MANAGER


def give_rights() -> None:
    """Called once, when Django starts. Viewing is everybody's."""
    roles.read_by_all("benefits")
    for role in (OPERATOR, ADMINISTRATOR):
        roles.give(
            role, "benefits.redeem_benefit", "benefits.return_redemption", "benefits.choose_benefit",
            "benefits.change_membersegment", "benefits.import_brand", "benefits.import_campaignfigure",
        )
    for role in (PROGRAMME_MANAGER, ADMINISTRATOR):
        roles.give(role, "benefits.change_benefitstock", "benefits.change_budget", "benefits.stop_campaign")
        roles.limit(role, SET_BUDGET, 1_000_000)
    # A member's statement names nobody but by number.
    for role in (OPERATOR, PROGRAMME_MANAGER, AUDITOR, ADMINISTRATOR):
        roles.give(role, "benefits.export_valuestatement")
