"""The numbers that other systems know a member by."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from operations.audit import track


@track(owner="member")
class MemberReference(models.Model):
    """A member's number in another system, which is `source`: there it is nobody else's, and they have no other."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="references", db_index=False, verbose_name=_("member")
    )
    source = models.SlugField(_("source"), max_length=32)
    external_id = models.CharField(_("external id"), max_length=64)

    class Meta:
        verbose_name = _("number in another system")
        verbose_name_plural = _("numbers in other systems")
        permissions = [("import_person", _("Can import persons"))]
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="memberreference_external_id"),
            models.UniqueConstraint(fields=["member", "source"], name="memberreference_one_a_source"),
            models.CheckConstraint(condition=~Q(external_id=""), name="memberreference_not_blank"),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.external_id}"
