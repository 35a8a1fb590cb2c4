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
        from partners.admin.panels import FulfilmentPanel
        from partners.demo import SandboxPartners
        from partners.events import fulfilments, statuses, usages
        from partners.events.handling import event_handlers
        from partners.importers.vouchers import VoucherCodeImporter
        from partners.jobs.daily_files import SendDailyFiles
        from partners.jobs.fulfilments import FulfilBenefits
        from partners.jobs.status_matches import FollowStatusMatches
        from partners.jobs.vouchers import ExpireVoucherCodes
        from partners.programme_files import SECTIONS
        from partners.roles import give_rights
        from partners.services.uses import FulfilledUses
        from partners.services.waits import CodesToCome
        from partners.settlement_approvals import CloseSettlement

        give_rights()
        receivers.connect()
        for section in SECTIONS:
            registry.programme_sections.register(section())
        registry.jobs.register(FulfilBenefits())
        registry.jobs.register(FollowStatusMatches())
        registry.importers.register(VoucherCodeImporter())
        registry.jobs.register(SendDailyFiles())
        registry.jobs.register(ExpireVoucherCodes())
        for handler in (*fulfilments.HANDLERS, *statuses.HANDLERS, *usages.HANDLERS):
            event_handlers.register(handler)
        registry.member_panels.register(FulfilmentPanel())
        registry.approval_actions.register(CloseSettlement())
        registry.demo_parts.register(SandboxPartners())
        use_finders.register(FulfilledUses())
        wait_finders.register(CodesToCome())
