from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        from credit.admin.member_panel import CreditPanel
        from credit.api import ROUTERS, SCOPES
        from credit.books.credit import CHECKS
        from credit.credit_note_approvals import CreditInvoice
        from credit.demo import CreditLines
        from credit.importers.invoices import InvoiceImporter
        from credit.importers.limits import LIMIT_IMPORTERS
        from credit.importers.receipts import ReceiptImporter
        from credit.jobs.ageing import AgeInvoices
        from credit.jobs.authorisations import ExpireAuthorisations
        from credit.jobs.lapses import FollowCards
        from credit.jobs.late_fees import ChargeLateFees
        from credit.line_approvals import LINE_ACTIONS
        from credit.notices import notice_kinds
        from credit.pause_approvals import PauseOverdue
        from credit.programme_files import SECTIONS
        from credit.receipt_approvals import ACTIONS as RECEIPT_ACTIONS
        from credit.receivers import connect
        from credit.roles import give_rights
        from operations import registry

        give_rights()
        connect()
        for router in ROUTERS:
            registry.api_routers.register(router)
        for scope in SCOPES:
            registry.api_scopes.register(scope)
        for section in SECTIONS:
            registry.programme_sections.register(section())
        registry.jobs.register(FollowCards())
        registry.jobs.register(ExpireAuthorisations())
        registry.jobs.register(AgeInvoices())
        registry.jobs.register(ChargeLateFees())
        for line_action in LINE_ACTIONS:
            registry.approval_actions.register(line_action())
        registry.importers.register(InvoiceImporter())
        registry.importers.register(ReceiptImporter())
        for limit_importer in LIMIT_IMPORTERS:
            registry.importers.register(limit_importer())
        for check in CHECKS:
            registry.book_checks.register(check())
        registry.approval_actions.register(PauseOverdue())
        registry.approval_actions.register(CreditInvoice())
        for action in RECEIPT_ACTIONS:
            registry.approval_actions.register(action())
        for kind in notice_kinds():
            registry.notices.register(kind)
        registry.member_panels.register(CreditPanel())
        registry.demo_parts.register(CreditLines())
