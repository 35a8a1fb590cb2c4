"""Entries that can be taken back, in parts or whole: allocations and write-offs."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.admin.invoice_actions import WRITE_OFF, AmountForm
from credit.admin.receipt_actions import ALLOCATE
from credit.errors import money
from credit.models import CreditEntry
from credit.services.allocations import deallocate, left_of
from credit.services.receipt_offers import offer_recovery
from memberships.admin.actions import Asked, RecordAction, Told, who_and_when
from memberships.admin.points_actions import NOTE, tell
from operations.admin.reasons import record_url

Kind = CreditEntry.Kind


class TakeBackAction(RecordAction[CreditEntry]):
    """An entry of a kind is taken back, in parts or whole, as long as something is left of it."""

    kind: Kind
    note: Any = ""

    def is_offered(self, record: CreditEntry, *, on: date) -> bool:
        return record.kind == self.kind and left_of(record) > 0

    def seen(self, record: CreditEntry) -> str:
        return str(left_of(record))

    def asked(self, record: CreditEntry, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("Nothing is left of this entry."))
        facts = (
            (_("Entry"), record.get_kind_display()), (_("Invoice"), record.invoice or "–"),
            (_("Receipt"), record.receipt or "–"), (_("Business date"), record.on),
            (_("Left (CNY)"), money(left_of(record))),
        )
        return Asked(AmountForm(data, seen=seen, initial={"amount": left_of(record)}), facts=facts, note=self.note)

    def key_of(self, record: CreditEntry) -> str:
        return f"desk-{self.name}:{record.pk}:{record.reversals.count()}"

    def page_of(self, record: CreditEntry) -> str:
        return record_url(record)


class DeallocateAction(TakeBackAction):
    """The invoice is open again, the money unapplied."""

    name = "deallocate"
    label = gettext_lazy("Take the allocation back")
    permission = ALLOCATE
    kind = Kind.ALLOCATE
    note = gettext_lazy("The invoice is open again, and the money is unapplied credit of the firm.")

    def do(self, record: CreditEntry, form: Any, *, on: date, request: HttpRequest) -> Told:
        entry = deallocate(
            record, amount=form.cleaned_data["amount"], key=self.key_of(record), on=on, **who_and_when(request, form)
        )
        words = _("%(amount)s CNY of invoice “%(invoice)s” are open again.")
        return Told(messages.SUCCESS, words % {"amount": money(entry.amount), "invoice": record.invoice})


class RecoverAction(TakeBackAction):
    """It is owed after all."""

    name = "recover"
    label = gettext_lazy("Take the write-off back")
    permission = WRITE_OFF
    kind = Kind.WRITE_OFF
    note = NOTE

    def do(self, record: CreditEntry, form: Any, *, on: date, request: HttpRequest) -> Told:
        return tell(offer_recovery(
            record, form.cleaned_data["amount"], key=self.key_of(record), on=on, **who_and_when(request, form)
        ))


ENTRY_ACTIONS: tuple[RecordAction[CreditEntry], ...] = (DeallocateAction(), RecoverAction())
