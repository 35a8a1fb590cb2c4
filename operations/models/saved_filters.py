"""Searches, filters and orders of lists that operators come back to, under a name."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import track

if TYPE_CHECKING:
    from operations.models.users import User


class SavedFilterQuerySet(models.QuerySet["SavedFilter"]):
    """Saved filters by whom they are for."""

    def visible_to(self, user: "User", model: str) -> Self:
        """The user's own of a list, and those that were shared with a group of theirs."""
        shared = Group.objects.filter(user=user).values("pk")
        return self.filter(Q(owner=user) | Q(group__in=shared), model=model)


@track()
class SavedFilter(models.Model):
    """One user's own, or shared with a group (a role); only its owner changes it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False, verbose_name=_("operator")
    )
    model = models.CharField(_("record type"), max_length=100)
    name = models.CharField(_("name"), max_length=60)
    # The list's address after "?": search, filters and order. What names a person never stands there.
    asked = models.CharField(_("what was asked for"), max_length=2000, blank=True)
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("shared with")
    )
    # What its owner sees when the list is opened without a question.
    is_default = models.BooleanField(_("default"), default=False)

    objects = SavedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["owner", "model", "name"], name="savedfilter_name"),
            models.UniqueConstraint(
                fields=["owner", "model"], condition=Q(is_default=True), name="savedfilter_one_default"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="savedfilter_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
