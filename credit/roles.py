"""What the shipped roles do with credit, and how much of it alone."""

from operations import roles
from operations.roles import ADMINISTRATOR, APPROVER, CREDIT_CONTROLLER


def give_rights() -> None:
    """Called once, when Django starts. Viewing is everybody's."""
    roles.read_by_all("credit")
    for role, alone in ((CREDIT_CONTROLLER, 100_000), (ADMINISTRATOR, 500_000)):
        roles.give(role, "credit.decide_credit", "credit.suspend_creditline")
        roles.limit(role, "grant_credit", alone)
    for role in (CREDIT_CONTROLLER, ADMINISTRATOR):
        roles.give(role, "credit.pause_overdue", "credit.confirm_balance", "credit.export_creditline")
        roles.give(role, "credit.allocate_receipt", "credit.write_off_invoice")
        roles.give(role, "credit.draw_credit", "credit.invoice_credit", "credit.issue_official_invoice")
    # Who decides about a payment compares its account with the bank's.
    for role in (CREDIT_CONTROLLER, ADMINISTRATOR, APPROVER):
        roles.give(role, "credit.reveal_receipt")
    for action, amount in (
        ("enter_receipt", 50_000), ("move_receipt", 50_000), ("refund_receipt", 5_000),
        ("write_off_invoice", 1_000), ("recover_write_off", 1_000), ("credit_invoice", 5_000),
    ):
        roles.limit(CREDIT_CONTROLLER, action, amount)
