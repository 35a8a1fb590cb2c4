"""What the shipped roles do with the records of memberships, and how much of it alone."""

from operations import roles
from operations.roles import ADMINISTRATOR, AUDITOR, CREDIT_CONTROLLER, OPERATOR, PROGRAMME_MANAGER


def give_rights() -> None:
    """Called once, when Django starts. Viewing is everybody's; personal data stays masked."""
    roles.read_by_all("memberships")
    roles.give(
        OPERATOR, "memberships.import_enterprisecustomer", "memberships.change_enterprisecustomer",
        "memberships.reveal_membercontact", "memberships.change_subscription", "memberships.refund_payment",
        "memberships.export_enterprisecustomer", "memberships.extend_points", "memberships.reinstate_points",
        "memberships.reverse_points", "memberships.adjust_points", "memberships.import_order",
        "memberships.import_person", "memberships.add_enrolment",
    )
    for role in (OPERATOR, CREDIT_CONTROLLER, ADMINISTRATOR):
        roles.give(role, "memberships.write_casenote", "memberships.change_membercontact")
    for role in (OPERATOR, CREDIT_CONTROLLER, ADMINISTRATOR):
        roles.give(role, "memberships.close_account", "memberships.merge_member")
    for role in (OPERATOR, CREDIT_CONTROLLER, ADMINISTRATOR, AUDITOR):
        roles.give(role, "memberships.read_casenote")
    roles.give(ADMINISTRATOR, "memberships.add_casenotekind", "memberships.change_casenotekind")
    roles.give(
        CREDIT_CONTROLLER, "memberships.change_enterprisecustomer", "memberships.import_enterprisecustomer",
        "memberships.reveal_membercontact", "memberships.export_enterprisecustomer",
    )
    roles.give(
        PROGRAMME_MANAGER, "memberships.submit_programmerevision", "memberships.add_adjustmentreason",
        "memberships.change_adjustmentreason",
    )
    for role in (PROGRAMME_MANAGER, AUDITOR, ADMINISTRATOR):
        roles.give(role, "memberships.export_profitrow")
    # An export shows what the lists show: personal data is masked.
    roles.give(AUDITOR, "memberships.export_enterprisecustomer")
    roles.give(
        ADMINISTRATOR, "memberships.import_enterprisecustomer", "memberships.import_order", "memberships.import_person",
        "memberships.refund_payment",
    )
    roles.give(
        ADMINISTRATOR, "memberships.extend_points", "memberships.reinstate_points", "memberships.reverse_points",
        "memberships.adjust_points", "memberships.add_adjustmentreason", "memberships.change_adjustmentreason",
        "memberships.add_enrolment",
    )
    for action in ("extend_points", "reinstate_points", "reverse_points", "adjust_points"):
        roles.limit(OPERATOR, action, 5_000)
        roles.limit(ADMINISTRATOR, action, 100_000)
    roles.limit(OPERATOR, "refund_payment", 500)
    roles.limit(ADMINISTRATOR, "refund_payment", 5_000)
    for role, tiers_up in ((OPERATOR, 1), (PROGRAMME_MANAGER, 2), (ADMINISTRATOR, 2)):
        roles.give(role, "memberships.change_tierstanding")
        roles.limit(role, "set_tier", tiers_up)
