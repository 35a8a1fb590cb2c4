"""Why points are adjusted by hand: codes that are data."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from memberships.models.programmes import Named
from operations.audit import track

#: Of points that another system had before: the importer of members books them so.
OPENING_BALANCE = "opening-balance"
#: Of points that are given up when an account is closed.
ACCOUNT_CLOSED = "account-closed"
#: Of points that go over to the wallet of the record that stays, when two are merged, and back.
RECORDS_MERGED = "records-merged"


@track()
class AdjustmentReason(Named):
    """A reason to be chosen at the desk. One that was used stays; `is_active` says whether it can be chosen."""

    code = models.SlugField(_("code"), max_length=64, unique=True)
    is_active = models.BooleanField(_("can be chosen"), default=True)

    class Meta:
        verbose_name = _("reason of adjustments")
        verbose_name_plural = _("reasons of adjustments")
