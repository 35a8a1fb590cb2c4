"""What this floor hangs into the ground floor; imported when the models are there."""

from django.conf import settings

from memberships import (
    adjustment_approvals,
    approvals,
    closing_approvals,
    importers,
    merge_approvals,
    points_approvals,
    tier_approvals,
)
from memberships.admin import case_panel, closures, dashboard, finders, merges, timeline, work_lists
from memberships.books import gateways, payments, points, profit, terms, tiers
from memberships.bulk import ACTIONS as CARD_ACTIONS
from memberships.closing import MembershipPart
from memberships.demo.care import CaseNotes
from memberships.demo.merges import MergedRecords
from memberships.jobs import erasure, lapses, renewals, revisions, what_ifs
from memberships.jobs import payments as payment_jobs
from memberships.jobs import points as points_jobs
from memberships.jobs import profit as profit_jobs
from memberships.jobs import tiers as tier_jobs
from memberships.merging import MembershipMergePart
from memberships.notices import notice_kinds
from memberships.points_bulk import ACTIONS as WALLET_ACTIONS
from memberships.profit_sources import PROFIT_SOURCES
from memberships.programme_files import SECTIONS
from memberships.programme_files.approval import ApplyProgrammeRevision
from memberships.rollups import ROLL_UPS
from operations import registry

# In the order of a night.
JOBS = (
    revisions.ApplyProgrammeRevisions, revisions.MoveCards, payment_jobs.ResolveUnknownPayments,
    renewals.RenewSubscriptions, payment_jobs.RetryPayments, lapses.EnterGraceAndLapse, points_jobs.PostPendingPoints,
    points_jobs.ExpirePoints, points_jobs.MeasureLiability, tier_jobs.EvaluateTiers, tier_jobs.ForeseeDowngrades,
    what_ifs.CountWhatIfs, profit_jobs.RollUpProfit, erasure.EraseFiles,
)  # fmt: skip
BOOK_CHECKS = (
    points.Wallets, points.Lots, points.Entries, points.Issues, terms.Terms, payments.Payments, tiers.Standings,
    tiers.Changes, profit.ProfitRows,
)  # fmt: skip
APPROVAL_ACTIONS = (
    approvals.RefundPayment, points_approvals.ExtendPoints, points_approvals.ReinstatePoints,
    points_approvals.ReversePoints, adjustment_approvals.AdjustPoints, ApplyProgrammeRevision, tier_approvals.SetTier,
    closing_approvals.CloseAccount, merge_approvals.MergeRecords, merge_approvals.UndoMerge,
)  # fmt: skip
IMPORTERS = (
    importers.EnterpriseCustomerImporter, importers.PersonImporter, importers.OrderImporter,
    importers.AdjustmentImporter,
)  # fmt: skip
MEMBER_PANELS = (case_panel.CaseNotesPanel, closures.ClosurePanel, merges.MergePanel)

REGISTERED: registry.Registered = (
    (registry.bulk_actions, [action() for action in (*CARD_ACTIONS, *WALLET_ACTIONS)]),
    (registry.importers, [importer() for importer in IMPORTERS]),
    (registry.jobs, [job() for job in JOBS]),
    (registry.book_checks, [check() for check in BOOK_CHECKS]),
    (registry.book_checks, [gateways.GatewayList(gateway) for gateway in settings.GATEWAYS]),
    (registry.approval_actions, [action() for action in APPROVAL_ACTIONS]),
    (registry.roll_ups, [roll_up() for roll_up in ROLL_UPS]),
    (registry.dashboard_panels, [panel() for panel in dashboard.PANELS]),
    (registry.work_lists, work_lists.WORK_LISTS),
    (registry.timeline_sources, [source() for source in timeline.SOURCES]),
    (registry.timeline_sources, [merges.Merges(), case_panel.CaseNotes()]),
    (registry.member_panels, [panel() for panel in MEMBER_PANELS]),
    (registry.closing_parts, [MembershipPart()]),
    (registry.merge_parts, [MembershipMergePart()]),
    (registry.demo_parts, [CaseNotes(), MergedRecords()]),
    (registry.finders, [finder() for finder in finders.FINDERS]),
    (registry.notices, notice_kinds()),
    (registry.programme_sections, [section() for section in SECTIONS]),
    (registry.profit_sources, [source() for source in PROFIT_SOURCES]),
)
