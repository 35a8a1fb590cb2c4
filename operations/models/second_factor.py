"""The second factor of the people of the desk: the key that their phone shares with us, and codes for a lost phone."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from operations.audit import track
from operations.models.sealed import SealedTextField
from operations.models.users import User


@track(exclude=["key", "last_step"], owner="user")
class SecondFactor(models.Model):
    """A user's time-based codes (RFC 6238). A row is a factor that was proved once; a reset deletes it."""

    user = models.OneToOneField(User, models.PROTECT, related_name="second_factor", verbose_name=_("user"))
    # Base32, as authenticator apps take it.
    key = SealedTextField(_("key"))
    enrolled_at = models.DateTimeField(_("enrolled at"))
    # The time step of the last code that was taken: none is taken twice.
    last_step = models.BigIntegerField(_("last code taken"))

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        # Who has one, and who is locked out, is not for everybody who may view this floor.
        default_permissions = ()
        permissions = [("reset_secondfactor", _("Can ask to reset somebody's second factor"))]
        triggers = [
            pgtrigger.ReadOnly(name="frozen", fields=["user"]),
            pgtrigger.Protect(
                name="no_code_twice", operation=pgtrigger.Update,
                condition=pgtrigger.Condition('NEW."last_step" < OLD."last_step"'),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


@track(exclude=["code_hash"])
class RecoveryCode(models.Model):
    """A code that stands in for the phone, once. It was shown once; of it there is a keyed hash."""

    factor = models.ForeignKey(
        SecondFactor, models.CASCADE, related_name="recovery_codes", verbose_name=_("second factor")
    )
    code_hash = models.BinaryField(_("hash of the code"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["factor", "code_hash"], name="recovery_code_once")]
        triggers = [
            pgtrigger.ReadOnly(name="frozen", fields=["factor", "code_hash"]),
            pgtrigger.Protect(
                name="used_for_ever", operation=pgtrigger.Update,
                condition=pgtrigger.Condition('OLD."used_at" IS NOT NULL'),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factor} {self.pk}"
