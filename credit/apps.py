from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        from credit.programme_files import SECTIONS
        from credit.roles import give_rights
        from operations import registry

        give_rights()
        for section in SECTIONS:
            registry.programme_sections.register(section())
