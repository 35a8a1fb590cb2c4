"""Closed accounts: who asked, who approved, why, and how much was erased. A row is for ever."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from operations.audit import keep_whole
from operations.models.sealed import SealedTextField


class AccountClosure(models.Model):
    """An account that was closed, and whose personal data was erased, at the same instant.

    `marks` is what uploaded files are searched for (mobile, e-mail), sealed; it is emptied once they were.
    """

    member = models.OneToOneField(
        Member, models.PROTECT, primary_key=True, related_name="closure", verbose_name=_("member")
    )
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, verbose_name=_("asked for by")
    )
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("approved by"),
    )
    reason = models.CharField(_("reason"), max_length=200)
    erased = models.JSONField(_("erased"), default=dict)
    marks = SealedTextField(_("to be searched for in files"), null=True)
    searched_at = models.DateTimeField(_("files searched at"), null=True, blank=True)

    class Meta:
        verbose_name = _("closed account")
        verbose_name_plural = _("closed accounts")
        permissions = [("close_account", _("Can ask for accounts to be closed and their personal data erased"))]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="accountclosure_has_reason"),
            models.CheckConstraint(
                condition=Q(marks__isnull=False, searched_at=None) | Q(marks__isnull=True, searched_at__isnull=False),
                name="accountclosure_searched_once",
            ),
        ]
        indexes = [
            models.Index(fields=["member"], name="accountclosure_to_search", condition=Q(searched_at=None)),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["marks", "searched_at"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return Member(pk=self.member_id).number


#: Refuses names, mobiles and e-mails of members whose accounts are closed, whoever writes them.
FORGOTTEN = """
    IF EXISTS (
        SELECT FROM new_values contact
        JOIN memberships_accountclosure closure ON closure.member_id = contact.member_id
        WHERE (contact.name, contact.mobile, contact.email) <> ('', '', '')
    ) THEN
        RAISE EXCEPTION 'the account of a member was closed: nothing personal is kept of them'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


def forgotten_for_good() -> list[pgtrigger.Trigger]:
    """The triggers of a table of contacts by which what was erased does not come back; once a statement."""
    return [
        pgtrigger.Trigger(
            name=f"forgotten_{name}", operation=operation, when=pgtrigger.After, level=pgtrigger.Statement,
            referencing=pgtrigger.Referencing(new="new_values"),  # type: ignore[no-untyped-call]
            func=FORGOTTEN,
        )
        for name, operation in (("insert", pgtrigger.Insert), ("update", pgtrigger.Update))
    ]
