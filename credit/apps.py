from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CreditConfig(AppConfig):
    name = "credit"
    verbose_name = _("Credit")

    def ready(self) -> None:
        from credit.receivers import connect
        from credit.registered import REGISTERED
        from credit.roles import give_rights
        from operations.registry import register_all

        register_all(REGISTERED)
        connect()
        give_rights()
