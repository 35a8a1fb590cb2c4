from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Partners")

    def ready(self) -> None:
        from benefits.uses import use_finders
        from benefits.waits import wait_finders
        from operations import registry
        from partners import receivers
        from partners.admin.dashboard import PANELS, WORK_LISTS
        from partners.admin.finders import FINDERS
        from partners.admin.panels import FulfilmentPanel
        from partners.admin.timeline import SOURCES
        from partners.bulk import ACTIONS
        from partners.closing import PartnersPart
        from partners.demo import SandboxPartners
        from partners.events import fulfilments, statuses, usages
        from partners.events.handling import event_handlers
        from partners.importers.vouchers import VoucherCodeImporter
        from partners.jobs.daily_files import SendDailyFiles
        from partners.jobs.fulfilments import FulfilBenefits
        from partners.jobs.status_matches import FollowStatusMatches
        from partners.jobs.vouchers import ExpireVoucherCodes
        from partners.merging import PartnersMergePart
        from partners.profit_sources import PROFIT_SOURCES
        from partners.programme_files import SECTIONS
        from partners.roles import give_rights
        from partners.services.uses import FulfilledUses
        from partners.services.waits import CodesToCome
        from partners.settlement_approvals import CloseSettlement

        give_rights()
        receivers.connect()
        for section in SECTIONS:
            registry.programme_sections.register(section())
        for profit_source in PROFIT_SOURCES:
            registry.profit_sources.register(profit_source())
        registry.jobs.register(FulfilBenefits())
        registry.jobs.register(FollowStatusMatches())
        registry.importers.register(VoucherCodeImporter())
        registry.jobs.register(SendDailyFiles())
        registry.jobs.register(ExpireVoucherCodes())
        for handler in (*fulfilments.HANDLERS, *statuses.HANDLERS, *usages.HANDLERS):
            event_handlers.register(handler)
        for bulk_action in ACTIONS:
            registry.bulk_actions.register(bulk_action())
        for panel in PANELS:
            registry.dashboard_panels.register(panel())
        for work_list in WORK_LISTS:
            registry.work_lists.register(work_list())
        for source in SOURCES:
            registry.timeline_sources.register(source())
        for finder in FINDERS:
            registry.finders.register(finder())
        registry.member_panels.register(FulfilmentPanel())
        registry.closing_parts.register(PartnersPart())
        registry.merge_parts.register(PartnersMergePart())
        registry.approval_actions.register(CloseSettlement())
        registry.demo_parts.register(SandboxPartners())
        use_finders.register(FulfilledUses())
        wait_finders.register(CodesToCome())
