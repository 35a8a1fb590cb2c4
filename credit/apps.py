from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        from credit.jobs.ageing import AgeInvoices
        from credit.notices import notice_kinds
        from credit.pause_approvals import PauseOverdue
        from credit.programme_files import SECTIONS
        from credit.roles import give_rights
        from operations import registry

        give_rights()
        for section in SECTIONS:
            registry.programme_sections.register(section())
        registry.jobs.register(AgeInvoices())
        registry.approval_actions.register(PauseOverdue())
        for kind in notice_kinds():
            registry.notices.register(kind)
