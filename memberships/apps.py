from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembershipsConfig(AppConfig):
    name = "memberships"
    verbose_name = _("Memberships")

    def ready(self) -> None:
        from memberships.registered import REGISTERED
        from memberships.roles import give_rights
        from operations.registry import register_all

        register_all(REGISTERED)
        give_rights()
