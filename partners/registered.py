"""What this floor hangs into those below; imported when the models are there."""

from benefits.uses import use_finders
from benefits.waits import wait_finders
from operations import registry
from partners.admin import dashboard, finders, timeline
from partners.admin.panels import FulfilmentPanel
from partners.bulk import ACTIONS
from partners.closing import PartnersPart
from partners.demo import SandboxPartners
from partners.events import fulfilments, statuses, usages
from partners.events.handling import event_handlers
from partners.gauges import GAUGES
from partners.importers.vouchers import VoucherCodeImporter
from partners.jobs.daily_files import SendDailyFiles
from partners.jobs.fulfilments import FulfilBenefits
from partners.jobs.status_matches import FollowStatusMatches
from partners.jobs.vouchers import ExpireVoucherCodes
from partners.merging import PartnersMergePart
from partners.profit_sources import PROFIT_SOURCES
from partners.programme_files import SECTIONS
from partners.services.uses import FulfilledUses
from partners.services.waits import CodesToCome
from partners.settlement_approvals import CloseSettlement

REGISTERED: registry.Registered = (
    (registry.programme_sections, [section() for section in SECTIONS]),
    (registry.profit_sources, [source() for source in PROFIT_SOURCES]),
    # In the order of a night.
    (registry.jobs, [FulfilBenefits(), FollowStatusMatches(), SendDailyFiles(), ExpireVoucherCodes()]),
    (registry.importers, [VoucherCodeImporter()]),
    (event_handlers, [*fulfilments.HANDLERS, *statuses.HANDLERS, *usages.HANDLERS]),
    (registry.bulk_actions, [action() for action in ACTIONS]),
    (registry.dashboard_panels, [panel() for panel in dashboard.PANELS]),
    (registry.work_lists, [work_list() for work_list in dashboard.WORK_LISTS]),
    (registry.timeline_sources, [source() for source in timeline.SOURCES]),
    (registry.finders, [finder() for finder in finders.FINDERS]),
    (registry.member_panels, [FulfilmentPanel()]),
    (registry.closing_parts, [PartnersPart()]),
    (registry.merge_parts, [PartnersMergePart()]),
    (registry.approval_actions, [CloseSettlement()]),
    (registry.demo_parts, [SandboxPartners()]),
    (registry.gauges, GAUGES),
    (use_finders, [FulfilledUses()]),
    (wait_finders, [CodesToCome()]),
)
