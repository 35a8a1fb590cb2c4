"""Programs that use the HTTP API, each in the name of a user of its own."""

from typing import Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole, track
from operations.models.users import User


class ApiClientQuerySet(models.QuerySet["ApiClient"]):
    """Clients by what becomes of their requests."""

    def valid(self) -> Self:
        """Whose token is taken."""
        return self.filter(revoked_on=None, user__is_active=True)


@track(exclude=["token_hash", "last_used_on"])
class ApiClient(models.Model):
    """Who holds a token. Of the token itself there is a hash; it was shown once.

    Ledgers name a user for whatever happens, so each client has one: a row without a password that cannot sign in.
    """

    name = models.CharField(_("name"), max_length=100)
    # What a token begins with, by which its client is found; no secret.
    prefix = models.CharField(_("beginning of the token"), max_length=16, unique=True)
    token_hash = models.BinaryField(_("hash of the token"))
    scopes = ArrayField(models.CharField(max_length=64), verbose_name=_("scopes"))
    user = models.OneToOneField(User, models.PROTECT, related_name="api_client", verbose_name=_("acts as"))
    created_at = models.DateTimeField(_("created at"))
    last_used_on = models.DateField(_("last used on"), null=True, blank=True)
    revoked_on = models.DateField(_("revoked on"), null=True, blank=True)

    objects = ApiClientQuerySet.as_manager()

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        permissions = [("revoke_apiclient", _("Can revoke API clients"))]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="api_client_name_once", condition=Q(revoked_on=None)),
            models.CheckConstraint(condition=~Q(name=""), name="api_client_has_name"),
            models.CheckConstraint(condition=~Q(scopes=[]), name="api_client_has_scope"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["name", "prefix", "token_hash", "scopes", "user", "created_at"]),
            pgtrigger.Protect(
                name="revoked_for_ever", operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    'OLD."revoked_on" IS NOT NULL AND OLD."revoked_on" IS DISTINCT FROM NEW."revoked_on"'
                ),
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.name
