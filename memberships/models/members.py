"""Members: persons and firms. Holds nothing that identifies a person (see MemberContact)."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.programmes import Audience
from operations.audit import track
from operations.owners import key_of, number_of


class MemberQuerySet(models.QuerySet["Member"]):
    """Members by state."""

    def open(self, *, on: date) -> Self:
        """Not closed on that day."""
        return self.filter(Q(closed_on=None) | Q(closed_on__gt=on))


@track()
class Member(models.Model):
    """The owner of subscriptions, points and credit; the row to lock before any of them changes."""

    kind = models.CharField(_("kind"), max_length=16, choices=Audience)
    joined_on = models.DateField(_("joined on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Audience.values), name="member_kind"),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(closed_on__gte=F("joined_on")), name="member_closed_after_joined"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The member number that people read."""
        return number_of(self.pk)

    @staticmethod
    def pk_of(number: str) -> int | None:
        """The key in a member number, None when it is not one (its check digit fails)."""
        return key_of(number)
