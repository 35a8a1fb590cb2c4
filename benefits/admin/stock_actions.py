"""What can be done to a benefit by hand: say how many units of it there are."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from benefits.models import Benefit, BenefitStock
from benefits.services.stocks import set_total
from memberships.admin.actions import Asked, ConfirmForm, Fact, RecordAction, Told
from operations.admin.reasons import record_url


class StockForm(ConfirmForm):
    """How many there are in all, those that were taken included."""

    first_fields = ("total",)
    total = forms.IntegerField(
        label=gettext_lazy("Units in all"), min_value=0, max_value=10**15, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=gettext_lazy("Those that were taken included. From now on no more than these are given."),
    )


class SetStock(RecordAction[Benefit]):
    """From the first time on, units are counted."""

    name = "stock"
    label = gettext_lazy("Set the stock")
    permission = "benefits.change_benefitstock"

    def is_offered(self, record: Benefit, *, on: date) -> bool:
        return record.retired_on is None or record.retired_on > on

    def seen(self, record: Benefit) -> str:
        stock = _stock(record)
        return "" if stock is None else str(stock.total)

    def asked(self, record: Benefit, data: Any, *, seen: str, on: date) -> Asked:
        stock = _stock(record)
        facts: list[Fact] = [(_("Benefit"), record)]
        if stock is not None:
            facts += [(_("Units in all"), number_format(stock.total)), (_("Taken"), number_format(stock.taken))]
        initial = {} if stock is None else {"total": stock.total}
        return Asked(StockForm(data, seen=seen, initial=initial), facts=tuple(facts))

    def do(self, record: Benefit, form: Any, *, on: date, request: HttpRequest) -> Told:
        chosen = form.cleaned_data
        stock = set_total(record, chosen["total"], actor=request.user, reason=chosen["reason"])  # type: ignore[arg-type]
        words = _("There are %(total)s units of “%(benefit)s”, %(taken)s of them taken.")
        return Told(messages.SUCCESS, words % {
            "benefit": record, "total": number_format(stock.total), "taken": number_format(stock.taken)
        })

    def page_of(self, record: Benefit) -> str:
        return record_url(record)


def _stock(benefit: Benefit) -> BenefitStock | None:
    return BenefitStock.objects.filter(benefit=benefit).first()


ACTIONS: tuple[RecordAction[Benefit], ...] = (SetStock(),)
