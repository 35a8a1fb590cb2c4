"""Case notes: what people of the desk write down about a member, with files. They are corrected, never changed.

Text and file names may hold personal data. They stand here alone: the audit trail keeps neither, so that they can be
erased while it stays who wrote a note, when, of which kind, and what was done about it.
"""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from memberships.models.programmes import Named
from operations.audit import track

#: Where attachments are kept, below MEDIA_ROOT, which nothing serves.
FOLDER = "case-files"


@track()
class CaseNoteKind(Named):
    """What notes are about: codes that are data. One that was used stays; `is_active` says whether it can be chosen."""

    code = models.SlugField(_("code"), max_length=64, unique=True)
    is_active = models.BooleanField(_("can be chosen"), default=True)

    class Meta:
        verbose_name = _("kind of case notes")
        verbose_name_plural = _("kinds of case notes")


@track(exclude=["text"])
class CaseNote(models.Model):
    """A note on a member. What was written is frozen; a correction is a note of its own that names what it replaces.

    `follow_up_on` is the day on which somebody has to look again, until `followed_up_at`. `key` is its form's, so that
    a second click writes nothing.
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="case_notes", verbose_name=_("member"))
    kind = models.ForeignKey(
        CaseNoteKind, models.PROTECT, related_name="+", db_index=False, verbose_name=_("kind")
    )
    text = models.TextField(_("note"), max_length=4000)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="correction", verbose_name=_("corrects")
    )
    is_pinned = models.BooleanField(_("pinned"), default=False)
    follow_up_on = models.DateField(_("follow up on"), null=True, blank=True)
    followed_up_at = models.DateTimeField(_("followed up at"), null=True, blank=True)
    key = models.CharField(_("key"), max_length=64)
    written_at = models.DateTimeField(_("written at"))
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("written by")
    )
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    class Meta:
        verbose_name = _("case note")
        verbose_name_plural = _("case notes")
        permissions = [
            ("read_casenote", _("Can read case notes and open their attachments")),
            ("write_casenote", _("Can write and correct case notes and follow them up")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="casenote_key"),
            models.CheckConstraint(
                condition=Q(erased_at=None) & ~Q(text="") | Q(erased_at__isnull=False, text=""),
                name="casenote_text_until_erased",
            ),
            models.CheckConstraint(condition=~Q(corrects=F("id")), name="casenote_corrects_another"),
            models.CheckConstraint(
                condition=Q(followed_up_at=None) | Q(follow_up_on__isnull=False), name="casenote_followed_up"
            ),
        ]
        indexes = [
            # The work list: what is to be followed up, the oldest day first.
            models.Index(
                fields=["follow_up_on", "id"], name="casenote_to_follow_up",
                condition=Q(follow_up_on__isnull=False, followed_up_at=None),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen", exclude=["text", "is_pinned", "follow_up_on", "followed_up_at", "erased_at"]
            ),
            pgtrigger.Protect(
                name="only_erased", operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__text__df=pgtrigger.F("new__text")) & ~pgtrigger.Q(new__text=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{Member(pk=self.member_id).number} #{self.pk}"

    @property
    def is_to_follow_up(self) -> bool:
        """Whether somebody still has to look again."""
        return self.follow_up_on is not None and self.followed_up_at is None


def attachment_path(_attachment: "CaseAttachment", _name: str) -> str:
    """A name of ours, since the operator's may hold path parts, or a person's name."""
    return f"{FOLDER}/{uuid.uuid4().hex}"


@track(exclude=["name", "file"])
class CaseAttachment(models.Model):
    """A file of a note. Erased, it keeps what kind of file it was, how long, and its hash."""

    note = models.ForeignKey(CaseNote, models.PROTECT, related_name="attachments", verbose_name=_("case note"))
    name = models.CharField(_("file name"), max_length=255, blank=True)
    file = models.FileField(_("file"), upload_to=attachment_path, max_length=100, blank=True)
    content_type = models.CharField(_("kind of file"), max_length=64)
    size = models.PositiveIntegerField(_("file size"))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            models.UniqueConstraint(fields=["note", "sha256"], name="caseattachment_once"),
            models.CheckConstraint(condition=Q(size__gte=1), name="caseattachment_not_empty"),
            models.CheckConstraint(
                condition=Q(erased_at=None) & ~Q(name="") & ~Q(file="") | Q(erased_at__isnull=False, name=""),
                name="caseattachment_there_until_erased",
            ),
        ]
        indexes = [
            # What is erased and still lies there: the sweep's.
            models.Index(
                fields=["id"], name="caseattachment_to_remove", condition=Q(erased_at__isnull=False) & ~Q(file="")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["name", "file", "erased_at"]),
        ]

    def __str__(self) -> str:
        return self.name or f"#{self.pk}"
