from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Partners")

    def ready(self) -> None:
        from operations import registry
        from partners import receivers
        from partners.admin.panels import FulfilmentPanel
        from partners.events import fulfilments, usages
        from partners.events.handling import event_handlers
        from partners.jobs.fulfilments import FulfilBenefits
        from partners.programme_files import SECTIONS
        from partners.roles import give_rights

        give_rights()
        receivers.connect()
        for section in SECTIONS:
            registry.programme_sections.register(section())
        registry.jobs.register(FulfilBenefits())
        for handler in (*fulfilments.HANDLERS, *usages.HANDLERS):
            event_handlers.register(handler)
        registry.member_panels.register(FulfilmentPanel())
