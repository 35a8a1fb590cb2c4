from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        from credit.admin.dashboard import PANELS, WORK_LISTS
        from credit.admin.finders import FINDERS
        from credit.admin.member_panel import CreditPanel
        from credit.admin.timeline import SOURCES
        from credit.api import ROUTERS, SCOPES
        from credit.books.credit import CHECKS
        from credit.closing import CreditPart
        from credit.credit_note_approvals import CreditInvoice
        from credit.demo import CreditLines
        from credit.importers.invoices import InvoiceImporter
        from credit.importers.limits import LIMIT_IMPORTERS
        from credit.importers.receipts import ReceiptImporter
        from credit.jobs.ageing import AgeInvoices
        from credit.jobs.authorisations import ExpireAuthorisations
        from credit.jobs.lapses import FollowCards
        from credit.jobs.late_fees import ChargeLateFees, CorrectLateFees
        from credit.line_approvals import LINE_ACTIONS
        from credit.merging import CreditMergePart
        from credit.notices import notice_kinds
        from credit.pause_approvals import PauseOverdue
        from credit.profit_sources import PROFIT_SOURCES
        from credit.programme_files import SECTIONS
        from credit.receipt_approvals import ACTIONS as RECEIPT_ACTIONS
        from credit.receivers import connect
        from credit.review_approvals import SetReview
        from credit.roles import give_rights
        from credit.rollups import ROLL_UPS
        from operations import registry

        give_rights()
        connect()
        for router in ROUTERS:
            registry.api_routers.register(router)
        for scope in SCOPES:
            registry.api_scopes.register(scope)
        for section in SECTIONS:
            registry.programme_sections.register(section())
        for profit_source in PROFIT_SOURCES:
            registry.profit_sources.register(profit_source())
        registry.jobs.register(FollowCards())
        registry.jobs.register(ExpireAuthorisations())
        registry.jobs.register(AgeInvoices())
        registry.jobs.register(ChargeLateFees())
        registry.jobs.register(CorrectLateFees())
        for line_action in LINE_ACTIONS:
            registry.approval_actions.register(line_action())
        registry.importers.register(InvoiceImporter())
        registry.importers.register(ReceiptImporter())
        for limit_importer in LIMIT_IMPORTERS:
            registry.importers.register(limit_importer())
        for check in CHECKS:
            registry.book_checks.register(check())
        registry.approval_actions.register(PauseOverdue())
        registry.approval_actions.register(SetReview())
        registry.approval_actions.register(CreditInvoice())
        for action in RECEIPT_ACTIONS:
            registry.approval_actions.register(action())
        for kind in notice_kinds():
            registry.notices.register(kind)
        for roll_up in ROLL_UPS:
            registry.roll_ups.register(roll_up())
        for panel in PANELS:
            registry.dashboard_panels.register(panel())
        for work_list in WORK_LISTS:
            registry.work_lists.register(work_list)
        for source in SOURCES:
            registry.timeline_sources.register(source())
        for finder in FINDERS:
            registry.finders.register(finder())
        registry.member_panels.register(CreditPanel())
        registry.closing_parts.register(CreditPart())
        registry.merge_parts.register(CreditMergePart())
        registry.demo_parts.register(CreditLines())
