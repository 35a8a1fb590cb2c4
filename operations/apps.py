from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from operations.trigger_registry import search_quickly

search_quickly()


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        from operations import roles
        from operations.registered import REGISTERED
        from operations.registry import register_all
        from operations.security import sessions  # noqa: F401 (its receiver begins them)

        register_all(REGISTERED)
        _give_rights()
        # Floors are migrated from above to below, so the permissions of all of them are there by then.
        post_migrate.connect(roles.bring_up, sender=self, dispatch_uid="roles")


def _give_rights() -> None:
    """What the roles do with the records of this floor, and what they do alone."""
    from operations import roles

    roles.read_by_all("operations")
    for role in (roles.AUDITOR, roles.ADMINISTRATOR):
        roles.give(role, "operations.search_trail", "operations.export_trail")
    for role in roles.ROLES:
        if role != roles.APPROVER:
            roles.give(role, "operations.export_list")
    roles.give(roles.OPERATOR, "operations.operate_jobrun", "operations.resend_outboxmessage")
    roles.give(roles.APPROVER, "operations.decide_approval")
    roles.give(
        roles.ADMINISTRATOR, "operations.operate_jobrun", "operations.resend_outboxmessage", "operations.add_user",
        "operations.change_user", "operations.add_approvallimit", "operations.change_approvallimit",
        "operations.delete_approvallimit", "auth.view_group", "operations.add_apiclient", "operations.revoke_apiclient",
        "operations.read_signinlock", "operations.unlock_signinlock", "operations.reset_secondfactor",
    )
    roles.give(roles.AUDITOR, "operations.read_signinlock")
    for role in (roles.PROGRAMME_MANAGER, roles.ADMINISTRATOR):
        roles.give(role, "operations.change_noticerule")
    roles.give(roles.CREDIT_CONTROLLER, "operations.export_personal")
    for role, most in ((roles.OPERATOR, 10_000), (roles.ADMINISTRATOR, 100_000)):
        roles.limit(role, "confirm_import", most)
        roles.limit(role, "execute_dry_run", most)
