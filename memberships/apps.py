from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembershipsConfig(AppConfig):
    name = "memberships"
    verbose_name = _("Memberships")

    def ready(self) -> None:
        from memberships.importers import EnterpriseCustomerImporter
        from memberships.jobs.points import ExpirePoints
        from memberships.jobs.renewals import RenewSubscriptions
        from operations import registry

        registry.importers.register(EnterpriseCustomerImporter())
        for job in (RenewSubscriptions, ExpirePoints):
            registry.jobs.register(job())
