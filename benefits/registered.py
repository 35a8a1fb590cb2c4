"""What this floor hangs into the ground floor; imported when the models are there."""

from benefits.admin import timeline
from benefits.admin.member_panel import BenefitsPanel
from benefits.admin.programme_panel import ProgrammeBenefits
from benefits.admin.value_panel import ValuePanel
from benefits.api import ROUTERS, SCOPES
from benefits.books.redemptions import BudgetEntries, Budgets, Redemptions, Stocks, Usages
from benefits.budget_approvals import SetBudget
from benefits.demo import UsedBenefits
from benefits.demo_campaigns import BrandCampaigns
from benefits.importers import IMPORTERS
from benefits.jobs.grants import ExpireGrants, FollowRights
from benefits.jobs.values import ValueStatements
from benefits.merging import BenefitsMergePart
from benefits.notices import notice_kinds
from benefits.profit_sources import PROFIT_SOURCES
from benefits.programme_files import SECTIONS
from benefits.refund_facts import SavedInTerm
from benefits.rollups import ROLL_UPS
from memberships.refund_facts import refund_facts
from operations import registry

REGISTERED: registry.Registered = (
    (registry.merge_parts, [BenefitsMergePart()]),
    (registry.programme_sections, [section() for section in SECTIONS]),
    (registry.roll_ups, [roll_up() for roll_up in ROLL_UPS]),
    (registry.profit_sources, [source() for source in PROFIT_SOURCES]),
    (registry.book_checks, [Usages(), Stocks(), Budgets(), BudgetEntries(), Redemptions()]),
    # In the order of a night.
    (registry.jobs, [FollowRights(), ExpireGrants(), ValueStatements()]),
    (registry.notices, notice_kinds()),
    (registry.member_panels, [BenefitsPanel(), ValuePanel()]),
    (registry.timeline_sources, [source() for source in timeline.SOURCES]),
    (registry.programme_panels, [ProgrammeBenefits()]),
    (registry.approval_actions, [SetBudget()]),
    (refund_facts, [SavedInTerm()]),
    (registry.importers, [importer() for importer in IMPORTERS]),
    (registry.api_routers, ROUTERS),
    (registry.api_scopes, SCOPES),
    (registry.demo_parts, [UsedBenefits(), BrandCampaigns()]),
)
