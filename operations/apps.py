from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from operations.trigger_registry import search_quickly

search_quickly()


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        from operations import (
            approval_actions,
            approval_jobs,
            book_jobs,
            bulk_approvals,
            bulk_jobs,
            digest_books,
            digest_jobs,
            jobs,
            limit_actions,
            list_export_jobs,
            mail,
            notice_jobs,
            outbox_bulk,
            outbox_jobs,
            registry,
            roles,
            rollup_jobs,
            sign_in_actions,
            webhooks,
        )
        from operations.admin import dashboard_panels, list_exports
        from operations.security import sessions  # noqa: F401 (its receiver begins them)

        registry.jobs.register(jobs.CheckImport())
        registry.jobs.register(jobs.ApplyImport())
        registry.jobs.register(jobs.UndoImport())
        registry.jobs.register(notice_jobs.SendNotices())
        registry.jobs.register(outbox_jobs.SweepOutbox())
        registry.jobs.register(book_jobs.AuditBooks())
        registry.jobs.register(digest_jobs.DigestAuditTrail())
        registry.book_checks.register(digest_books.TrailRows())
        registry.book_checks.register(digest_books.DigestChain())
        registry.jobs.register(approval_jobs.ExpireApprovals())
        registry.jobs.register(rollup_jobs.RollUpFigures())
        registry.jobs.register(list_export_jobs.ExportList())
        registry.jobs.register(bulk_jobs.DoBulkChange())
        registry.approval_actions.register(bulk_approvals.DoBulkChange())
        registry.bulk_actions.register(outbox_bulk.SendAgain())
        registry.approval_actions.register(approval_actions.ConfirmImport())
        registry.approval_actions.register(approval_actions.UndoImport())
        registry.approval_actions.register(approval_actions.ExecuteDryRun())
        registry.approval_actions.register(limit_actions.ChangeApprovalLimit())
        registry.approval_actions.register(sign_in_actions.ResetSecondFactor())
        for outlet in (mail.Mail, mail.SmsEvents, mail.NoticeEvents, webhooks.Events):
            registry.outlets.register(outlet())
        for panel in dashboard_panels.PANELS:
            registry.dashboard_panels.register(panel())
        for work_list in dashboard_panels.WORK_LISTS:
            registry.work_lists.register(work_list())
        registry.work_lists.register(list_exports.ReadyExports())
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
