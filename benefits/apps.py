from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BenefitsConfig(AppConfig):
    name = "benefits"
    verbose_name = _("Benefits")

    def ready(self) -> None:
        from benefits.receivers import connect
        from benefits.registered import REGISTERED
        from benefits.roles import give_rights
        from operations.registry import register_all

        register_all(REGISTERED)
        connect()
        give_rights()
