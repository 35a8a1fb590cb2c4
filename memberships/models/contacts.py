"""Personal data of members: kept here alone, masked wherever it is shown, masked in the audit trail."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from memberships.models.closures import forgotten_for_good
from memberships.models.members import Member
from memberships.models.names import NameInitials, NamePairs
from operations.audit import track


class Language(models.TextChoices):
    """In which a member can be told."""

    CHINESE = "zh-hans", _("Chinese")
    ENGLISH = "en", _("English")


@track(owner="member", masked={"name": "name", "mobile": "mobile", "email": "email"})
class MemberContact(models.Model):
    """How to reach a member: the person themself, or somebody at the firm."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="contacts", verbose_name=_("member"))
    is_primary = models.BooleanField(_("primary"), default=True)
    name = models.CharField(_("contact"), max_length=100, blank=True)
    mobile = models.CharField(_("mobile"), max_length=20, blank=True)
    email = models.CharField(_("email"), max_length=254, blank=True)
    # In which the member is told; blank: not known, so in the house's (NOTICE_LANGUAGE).
    language = models.CharField(
        _("language"), max_length=16, choices=Language, blank=True, default="", db_default=""
    )
    # Since when no text message goes there, and who noted that at the desk; of required kinds of notices one does.
    sms_refused_at = models.DateTimeField(_("no text messages since"), null=True, blank=True)
    sms_refused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("noted by"),
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        permissions = [("reveal_membercontact", _("Can reveal masked personal data"))]
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=Q(is_primary=True), name="contact_one_primary")
        ]
        indexes = [
            models.Index(fields=["mobile"], name="contact_mobile", condition=~Q(mobile="")),
            # By what stands in a name; only the box of the header asks for it.
            GinIndex(NamePairs("name", "id"), name="contact_name_pairs", condition=~Q(name="")),
            models.Index(
                OpClass(NameInitials("name", is_person=True), name="text_pattern_ops"), name="contact_initials",
                condition=~Q(name=""),
            ),
        ]
        triggers = forgotten_for_good()

    def __str__(self) -> str:
        return Member(pk=self.member_id).number
