from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        from operations import (
            approval_actions,
            approval_jobs,
            book_jobs,
            jobs,
            limit_actions,
            mail,
            notice_jobs,
            outbox_jobs,
            registry,
            roles,
            webhooks,
        )

        registry.jobs.register(jobs.CheckImport())
        registry.jobs.register(jobs.ApplyImport())
        registry.jobs.register(jobs.UndoImport())
        registry.jobs.register(notice_jobs.SendNotices())
        registry.jobs.register(outbox_jobs.SweepOutbox())
        registry.jobs.register(book_jobs.AuditBooks())
        registry.jobs.register(approval_jobs.ExpireApprovals())
        registry.approval_actions.register(approval_actions.ConfirmImport())
        registry.approval_actions.register(approval_actions.UndoImport())
        registry.approval_actions.register(approval_actions.ExecuteDryRun())
        registry.approval_actions.register(limit_actions.ChangeApprovalLimit())
        for outlet in (mail.Mail, mail.NoticeEvents, webhooks.Events):
            registry.outlets.register(outlet())
        _give_rights()
        # Floors are migrated from above to below, so the permissions of all of them are there by then.
        post_migrate.connect(roles.bring_up, sender=self, dispatch_uid="roles")


def _give_rights() -> None:
    """What the roles do with the records of this floor, and what they do alone."""
    from operations import roles

    roles.read_by_all("operations")
    roles.give(roles.OPERATOR, "operations.operate_jobrun", "operations.resend_outboxmessage")
    roles.give(roles.APPROVER, "operations.decide_approval")
    roles.give(
        roles.ADMINISTRATOR, "operations.operate_jobrun", "operations.resend_outboxmessage", "operations.add_user",
        "operations.change_user", "operations.add_approvallimit", "operations.change_approvallimit",
        "operations.delete_approvallimit", "auth.view_group", "operations.add_apiclient", "operations.revoke_apiclient",
    )
    for role, most in ((roles.OPERATOR, 10_000), (roles.ADMINISTRATOR, 100_000)):
        roles.limit(role, "confirm_import", most)
        roles.limit(role, "execute_dry_run", most)
