from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BenefitsConfig(AppConfig):
    name = "benefits"
    verbose_name = _("Benefits")

    def ready(self) -> None:
        from benefits.admin.member_panel import BenefitsPanel
        from benefits.admin.programme_panel import ProgrammeBenefits
        from benefits.admin.timeline import SOURCES
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
        from benefits.receivers import connect
        from benefits.roles import give_rights
        from benefits.rollups import ROLL_UPS
        from operations import registry

        registry.merge_parts.register(BenefitsMergePart())
        for section in SECTIONS:
            registry.programme_sections.register(section())
        for roll_up in ROLL_UPS:
            registry.roll_ups.register(roll_up())
        for profit_source in PROFIT_SOURCES:
            registry.profit_sources.register(profit_source())
        for check in (Usages, Stocks, Budgets, BudgetEntries, Redemptions):
            registry.book_checks.register(check())
        for job in (FollowRights, ExpireGrants, ValueStatements):
            registry.jobs.register(job())
        for kind in notice_kinds():
            registry.notices.register(kind)
        for panel in (BenefitsPanel, ValuePanel):
            registry.member_panels.register(panel())
        for source in SOURCES:
            registry.timeline_sources.register(source())
        registry.programme_panels.register(ProgrammeBenefits())
        registry.approval_actions.register(SetBudget())
        for importer in IMPORTERS:
            registry.importers.register(importer())
        for router in ROUTERS:
            registry.api_routers.register(router)
        for scope in SCOPES:
            registry.api_scopes.register(scope)
        for part in (UsedBenefits, BrandCampaigns):
            registry.demo_parts.register(part())
        connect()
        give_rights()
