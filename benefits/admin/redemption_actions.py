"""What can be done to a use of a benefit by hand: take it back."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.admin.display import price_in_words
from benefits.models import Redemption
from benefits.services.redemptions import return_redemption
from memberships.admin.actions import Asked, ConfirmForm, RecordAction, Told, who_and_when
from operations.admin.reasons import record_url


class ReturnAction(RecordAction[Redemption]):
    """Quota, points, stock and budget come back; what is held of it ends."""

    name = "take_back"
    label = gettext_lazy("Take back")
    permission = "benefits.return_redemption"
    variant = "danger"

    def is_offered(self, record: Redemption, *, on: date) -> bool:
        return record.state == Redemption.State.DONE

    def seen(self, record: Redemption) -> str:
        return str(record.state)

    def asked(self, record: Redemption, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This use was taken back already."))
        return Asked(
            ConfirmForm(data, seen=seen),
            facts=(
                (_("Member"), record.member.number), (_("Benefit"), record.benefit),
                (_("Quantity"), number_format(record.quantity)), (_("Business date"), record.on),
                (_("Paid"), price_in_words(points=record.points, price=record.price)),
            ),
            note=_("The quota counts it no more, its points are given back, and what the member holds of it ends."),
        )

    def do(self, record: Redemption, form: Any, *, on: date, request: HttpRequest) -> Told:
        return_redemption(record, key=f"desk-return:{record.pk}", on=on, **who_and_when(request, form))
        return Told(messages.SUCCESS, _("The use was taken back."))

    def page_of(self, record: Redemption) -> str:
        return record_url(record)


ACTIONS: tuple[RecordAction[Redemption], ...] = (ReturnAction(),)
