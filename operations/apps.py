from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        from operations import book_jobs, jobs, outbox_jobs, registry, webhooks

        registry.jobs.register(jobs.CheckImport())
        registry.jobs.register(jobs.ApplyImport())
        registry.jobs.register(jobs.UndoImport())
        registry.jobs.register(outbox_jobs.SweepOutbox())
        registry.jobs.register(book_jobs.AuditBooks())
        registry.outlets.register(webhooks.Events())
