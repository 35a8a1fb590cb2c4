"""What an audit of the books found."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from operations import registry
from operations.models.jobs import JobRun


class BookDifference(models.Model):
    """Two books that did not agree when a run looked at them (services/books.py)."""

    run = models.ForeignKey(
        JobRun, models.CASCADE, related_name="differences", db_index=False, verbose_name=_("job run")
    )
    chunk = models.PositiveIntegerField(_("chunk"))
    check_name = models.CharField(_("book"), max_length=64)
    fault = models.CharField(_("difference"), max_length=64)
    key = models.CharField(_("record"), max_length=128)
    owner = models.BigIntegerField(_("member"), null=True, blank=True)
    expected = models.CharField(_("expected"), max_length=100)
    found = models.CharField(_("found"), max_length=100)
    is_pending = models.BooleanField(_("may still come right"), default=False)

    class Meta:
        verbose_name = _("difference in the books")
        verbose_name_plural = _("differences in the books")
        constraints = [
            models.UniqueConstraint(fields=["run", "chunk", "check_name", "fault", "key"], name="bookdifference_once")
        ]

    def __str__(self) -> str:
        return f"{self.check_label}: {self.fault_label}"

    @property
    def check_label(self) -> str:
        """What was looked at, in words; its name when it is no longer registered."""
        check = registry.book_checks.find(self.check_name)
        return str(check.label) if check else self.check_name

    @property
    def shown_expected(self) -> str:
        check = registry.book_checks.find(self.check_name)
        return check.in_words(self.expected) if check else self.expected

    @property
    def shown_found(self) -> str:
        check = registry.book_checks.find(self.check_name)
        return check.in_words(self.found) if check else self.found

    @property
    def fault_label(self) -> str:
        """What is wrong, in words; its name when nobody knows it any more."""
        check = registry.book_checks.find(self.check_name)
        return str(check.faults.get(self.fault, self.fault)) if check else self.fault
