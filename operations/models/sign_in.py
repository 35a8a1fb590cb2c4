"""Failed attempts to sign in, and who is locked out because of them."""

from datetime import datetime
from typing import Self

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import track
from operations.models.users import User


class SignInLockQuerySet(models.QuerySet["SignInLock"]):
    """Locks by whether they hold."""

    def holding(self, *, at: datetime) -> Self:
        """Those that nobody gets past now."""
        return self.filter(locked_until__gt=at)


@track(fields=["user", "address", "locked_until"], owner="user", events=(pghistory.UpdateEvent,))
class SignInLock(models.Model):
    """The latest failures of one name, or from one address; too many lock it for a while.

    What was typed as a name may be a password, so of a name that is nobody's there is a keyed hash only. A name that
    is nobody's is locked like any other: the answer does not tell which names there are.
    """

    class Kind(models.TextChoices):
        # At the first page, where anybody may type any name; and by who has given the password: what strangers do to a
        # name does not keep its owner, who is in, from proving who they are.
        NAME = "name", _("username")
        PROOF = "proof", _("code, or password asked again")
        ADDRESS = "address", _("network address")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    key = models.BinaryField(_("hash"), unique=True)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("user"))
    address = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures"))
    failed_at = models.DateTimeField(_("last failure at"))
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True)

    objects = SignInLockQuerySet.as_manager()

    class Meta:
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins")
        default_permissions = ()
        permissions = [
            ("read_signinlock", _("Can see second factors and failed sign-ins")),
            ("unlock_signinlock", _("Can unlock who is locked out")),
        ]
        indexes = [models.Index(fields=["failed_at"], name="signinlock_failed_at")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["name", "proof"], address=None)
                | Q(kind="address", user=None, address__isnull=False),
                name="signinlock_of_one",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.address or _("a name that is nobody's"))
