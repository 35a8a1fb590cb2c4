from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        from operations import jobs, registry

        registry.jobs.register(jobs.CheckImport())
        registry.jobs.register(jobs.ApplyImport())
        registry.jobs.register(jobs.UndoImport())
