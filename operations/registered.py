"""What this floor has itself of what the registry keeps; imported when the models are there."""

from operations import (
    approval_actions,
    approval_jobs,
    book_jobs,
    bulk_approvals,
    bulk_jobs,
    digest_books,
    digest_jobs,
    house_gauges,
    jobs,
    limit_actions,
    list_export_jobs,
    mail,
    notice_jobs,
    outbox_bulk,
    outbox_jobs,
    registry,
    rollup_jobs,
    sign_in_actions,
    webhooks,
)
from operations.admin import dashboard_panels, list_exports

# In the order of a night, where they are of one.
JOBS = (
    jobs.CheckImport, jobs.ApplyImport, jobs.UndoImport, notice_jobs.SendNotices, outbox_jobs.SweepOutbox,
    book_jobs.AuditBooks, digest_jobs.DigestAuditTrail, approval_jobs.ExpireApprovals, rollup_jobs.RollUpFigures,
    list_export_jobs.ExportList, bulk_jobs.DoBulkChange,
)  # fmt: skip
APPROVAL_ACTIONS = (
    bulk_approvals.DoBulkChange, approval_actions.ConfirmImport, approval_actions.UndoImport,
    approval_actions.ExecuteDryRun, limit_actions.ChangeApprovalLimit, sign_in_actions.ResetSecondFactor,
)  # fmt: skip
OUTLETS = (mail.Mail, mail.SmsEvents, mail.NoticeEvents, webhooks.Events)

REGISTERED: registry.Registered = (
    (registry.jobs, [job() for job in JOBS]),
    (registry.book_checks, [digest_books.TrailRows(), digest_books.DigestChain()]),
    (registry.approval_actions, [action() for action in APPROVAL_ACTIONS]),
    (registry.bulk_actions, [outbox_bulk.SendAgain()]),
    (registry.outlets, [outlet() for outlet in OUTLETS]),
    (registry.dashboard_panels, [panel() for panel in dashboard_panels.PANELS]),
    (registry.work_lists, [work_list() for work_list in dashboard_panels.WORK_LISTS]),
    (registry.work_lists, [list_exports.ReadyExports()]),
    (registry.gauges, house_gauges.GAUGES),
)
