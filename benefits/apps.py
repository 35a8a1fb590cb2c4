from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BenefitsConfig(AppConfig):
    name = "benefits"
    verbose_name = _("Benefits")

    def ready(self) -> None:
        from benefits.admin.member_panel import BenefitsPanel
        from benefits.admin.programme_panel import ProgrammeBenefits
        from benefits.api import ROUTERS, SCOPES
        from benefits.books.redemptions import BudgetEntries, Budgets, Redemptions, Stocks, Usages
        from benefits.demo import UsedBenefits
        from benefits.jobs.grants import ExpireGrants, FollowRights
        from benefits.programme_files import SECTIONS
        from benefits.receivers import connect
        from benefits.roles import give_rights
        from operations import registry

        for section in SECTIONS:
            registry.programme_sections.register(section())
        for check in (Usages, Stocks, Budgets, BudgetEntries, Redemptions):
            registry.book_checks.register(check())
        for job in (FollowRights, ExpireGrants):
            registry.jobs.register(job())
        registry.member_panels.register(BenefitsPanel())
        registry.programme_panels.register(ProgrammeBenefits())
        for router in ROUTERS:
            registry.api_routers.register(router)
        for scope in SCOPES:
            registry.api_scopes.register(scope)
        registry.demo_parts.register(UsedBenefits())
        connect()
        give_rights()
