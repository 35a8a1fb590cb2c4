"""What the shipped roles do with partners, and how much of it alone."""

from operations import roles
from operations.roles import ADMINISTRATOR, OPERATOR, PROGRAMME_MANAGER


def give_rights() -> None:
    """Called once, when Django starts. Viewing is everybody's; codes, keys and contacts stay masked."""
    roles.read_by_all("partners")
    for role in (OPERATOR, ADMINISTRATOR):
        roles.give(
            role, "partners.replay_fulfilment", "partners.replay_inboundevent", "partners.work_command",
            "partners.match_status", "partners.import_vouchercode", "partners.void_vouchercode",
            "partners.reveal_vouchercode", "partners.import_partnerstatement", "partners.resolve_partnerstatement",
            "partners.reveal_partnercontact", "partners.change_partnercontact",
        )
    for role in (PROGRAMME_MANAGER, ADMINISTRATOR):
        roles.give(role, "partners.draft_settlement", "partners.export_settlement")
    roles.give(ADMINISTRATOR, "partners.rotate_partnerkey")
