"""Brands: who stands behind the campaigns that members get their benefits from."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from memberships.models.programmes import Named
from operations.audit import track


@track()
class Brand(Named):
    """A brand of the whole house. What it commits to a programme is a Budget (models/budgets.py)."""

    code = models.SlugField(_("code"), max_length=48, unique=True)
    category = models.CharField(_("category"), max_length=64, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        permissions = [("import_brand", _("Can import brands"))]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "code"]),
        ]
