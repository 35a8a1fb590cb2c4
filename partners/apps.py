from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnersConfig(AppConfig):
    name = "partners"
    verbose_name = _("Partners")

    def ready(self) -> None:
        from operations.registry import register_all
        from partners.receivers import connect
        from partners.registered import REGISTERED
        from partners.roles import give_rights

        register_all(REGISTERED)
        connect()
        give_rights()
