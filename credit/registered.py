"""What this floor hangs into the ground floor; imported when the models are there."""

from credit import credit_note_approvals, line_approvals, pause_approvals, receipt_approvals, review_approvals
from credit.admin import dashboard, finders, timeline
from credit.admin.member_panel import CreditPanel
from credit.api import ROUTERS, SCOPES
from credit.books.credit import CHECKS
from credit.bulk import ACTIONS as BULK_ACTIONS
from credit.closing import CreditPart
from credit.demo import CreditLines
from credit.importers.invoices import InvoiceImporter
from credit.importers.limits import LIMIT_IMPORTERS
from credit.importers.receipts import ReceiptImporter
from credit.jobs import ageing, authorisations, lapses, late_fees
from credit.merging import CreditMergePart
from credit.notices import notice_kinds
from credit.profit_sources import PROFIT_SOURCES
from credit.programme_files import SECTIONS
from credit.rollups import ROLL_UPS
from operations import registry

# In the order of a night.
JOBS = (
    lapses.FollowCards, authorisations.ExpireAuthorisations, ageing.AgeInvoices, late_fees.ChargeLateFees,
    late_fees.CorrectLateFees,
)  # fmt: skip
APPROVAL_ACTIONS = (
    *line_approvals.LINE_ACTIONS, pause_approvals.PauseOverdue, review_approvals.SetReview,
    credit_note_approvals.CreditInvoice, *receipt_approvals.ACTIONS,
)  # fmt: skip

REGISTERED: registry.Registered = (
    (registry.bulk_actions, [action() for action in BULK_ACTIONS]),
    (registry.api_routers, ROUTERS),
    (registry.api_scopes, SCOPES),
    (registry.programme_sections, [section() for section in SECTIONS]),
    (registry.profit_sources, [source() for source in PROFIT_SOURCES]),
    (registry.jobs, [job() for job in JOBS]),
    (registry.importers, [importer() for importer in (InvoiceImporter, ReceiptImporter, *LIMIT_IMPORTERS)]),
    (registry.approval_actions, [action() for action in APPROVAL_ACTIONS]),
    (registry.book_checks, [check() for check in CHECKS]),
    (registry.notices, notice_kinds()),
    (registry.roll_ups, [roll_up() for roll_up in ROLL_UPS]),
    (registry.dashboard_panels, [panel() for panel in dashboard.PANELS]),
    (registry.work_lists, dashboard.WORK_LISTS),
    (registry.timeline_sources, [source() for source in timeline.SOURCES]),
    (registry.finders, [finder() for finder in finders.FINDERS]),
    (registry.member_panels, [CreditPanel()]),
    (registry.closing_parts, [CreditPart()]),
    (registry.merge_parts, [CreditMergePart()]),
    (registry.demo_parts, [CreditLines()]),
)
