"""Firms: what a member of the kind enterprise is besides."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from memberships.models.names import NameInitials, NamePairs
from operations.audit import track

models.CharField.register_lookup(Length)


class Size(models.TextChoices):
    """Size of a firm, as in the Chinese statistical classification (大中小微)."""

    LARGE = "large", _("large")
    MEDIUM = "medium", _("medium")
    SMALL = "small", _("small")
    MICRO = "micro", _("micro")


class Flag(models.TextChoices):
    """Marks a firm may carry."""

    SPECIALISED = "specialised", _("specialised and sophisticated (SRDI)")
    FORTUNE500 = "fortune500", _("Fortune Global 500")


@track(masked={"remarks": "text"})
class EnterpriseCustomer(models.Model):
    """A firm. It is the member's other half: the same key, made and locked together with it."""

    member = models.OneToOneField(
        Member, models.PROTECT, primary_key=True, related_name="customer", verbose_name=_("member")
    )
    legal_name = models.CharField(_("legal name"), max_length=200)
    credit_code = models.CharField(_("unified social credit code"), max_length=18)
    external_id = models.CharField(_("external id"), max_length=64, null=True, blank=True)
    province = models.CharField(_("province"), max_length=50, blank=True)
    city = models.CharField(_("city"), max_length=50, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    size = models.CharField(_("size"), max_length=8, choices=Size, blank=True)
    flags = ArrayField(models.CharField(max_length=16, choices=Flag), verbose_name=_("flags"), default=list, blank=True)
    remarks = models.TextField(_("remarks"), blank=True)

    class Meta:
        verbose_name = _("enterprise customer")
        verbose_name_plural = _("enterprise customers")
        permissions = [
            ("import_enterprisecustomer", _("Can import enterprise customers")),
            ("export_enterprisecustomer", _("Can export enterprise customers")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["credit_code"], name="customer_credit_code"),
            models.UniqueConstraint(fields=["external_id"], name="customer_external_id"),
            models.CheckConstraint(condition=Q(credit_code__length=18), name="customer_credit_code_length"),
            models.CheckConstraint(condition=~Q(legal_name=""), name="customer_has_name"),
            models.CheckConstraint(condition=~Q(external_id=""), name="customer_external_id_not_blank"),
            models.CheckConstraint(condition=Q(size__in=["", *Size.values]), name="customer_size"),
            models.CheckConstraint(condition=Q(flags__contained_by=Flag.values), name="customer_flags"),
        ]
        indexes = [
            models.Index(OpClass("legal_name", name="varchar_pattern_ops"), name="customer_name_prefix"),
            GinIndex(NamePairs("legal_name", "member_id"), name="customer_name_pairs"),
            models.Index(OpClass(NameInitials("legal_name"), name="text_pattern_ops"), name="customer_initials"),
            models.Index(fields=["province", "member"], name="customer_by_province"),
            models.Index(fields=["province", "city", "member"], name="customer_by_city"),
            models.Index(fields=["industry", "member"], name="customer_by_industry"),
            models.Index(fields=["size", "member"], name="customer_by_size"),
        ]

    def __str__(self) -> str:
        return self.legal_name
