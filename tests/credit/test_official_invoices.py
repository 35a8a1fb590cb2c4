"""The official invoice (发票): from step to step, each of which is kept with who took it."""

from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from credit.errors import OfficialInvoiceError
from credit.models import Invoice
from credit.services.official_invoices import issue_official, request_official, void_official, withdraw_request
from memberships.admin.display import today
from tests.credit.credit_stories import DAY, TODAY, a_controller, a_line, an_invoice, morning
from tests.credit.draw_stories import entered
from tests.memberships.admin_pages import signed_in
from tests.memberships.factories import an_operator

pytestmark = pytest.mark.django_db


def test_official_invoice_is_requested_issued_voided_and_issued_anew() -> None:
    who: dict[str, Any] = {"at": morning(TODAY), "actor": an_operator(), "reason": "客户要求"}
    invoice = entered(a_line(1_000), 900)

    def state(of: Invoice) -> tuple[str, str]:
        return of.official_state, of.official_number

    for _again in range(2):
        assert state(request_official(invoice, **who)) == ("requested", "")
    assert state(withdraw_request(invoice, **who)) == ("none", "")
    with pytest.raises(OfficialInvoiceError):
        void_official(invoice, **who)
    for number, day in (("", TODAY), ("1" * 33, TODAY), ("1", TODAY - DAY), ("1", TODAY + DAY)):
        with pytest.raises(OfficialInvoiceError):
            issue_official(invoice, number=number, issued_on=day, on=TODAY, **who)
    issued = issue_official(invoice, number="25112000000012345678", issued_on=TODAY, on=TODAY, **who)
    assert (state(issued), issued.official_on) == (("issued", "25112000000012345678"), TODAY)
    with pytest.raises(OfficialInvoiceError):
        issue_official(invoice, number="2", issued_on=TODAY, on=TODAY, **who)
    with pytest.raises(OfficialInvoiceError):
        request_official(invoice, **who)
    assert state(void_official(invoice, **who)) == ("voided", "25112000000012345678")
    assert state(issue_official(invoice, number="2", issued_on=TODAY, on=TODAY, **who)) == ("issued", "2")
    # Each step stands for ever, with who took it; a repeat is none.
    steps = invoice.official_steps.order_by("pk").values_list("state", "number", "issued_on", "reason", "actor")
    number, xiaomei = "25112000000012345678", who["actor"].pk
    assert list(steps) == [
        ("requested", "", None, "客户要求", xiaomei), ("none", "", None, "客户要求", xiaomei),
        ("issued", number, TODAY, "客户要求", xiaomei), ("voided", number, TODAY, "客户要求", xiaomei),
        ("issued", "2", TODAY, "客户要求", xiaomei),
    ]
    with pytest.raises(Exception, match="Invalid transition"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(official_state="none", official_number="")


def test_page_of_an_invoice_shows_each_step_and_who_took_it() -> None:
    invoice = an_invoice(a_line(1_000, on=today()), 900, on=today())
    page = reverse("admin:credit_invoice_change", args=[invoice.pk])
    button = reverse("admin:credit_invoice_official_issue", args=[invoice.pk])
    xiaoxin = signed_in(a_controller())
    assert 'id="official-invoice"' not in xiaoxin.get(page).content.decode()
    form = xiaoxin.get(button).context["form"]
    facts = {"number": "25112000000012345678", "issued_on": today().isoformat(), "reason": "客户要专票"}
    xiaoxin.post(button, {**{name: form[name].value() or "" for name in form.fields}, **facts})
    shown = xiaoxin.get(page).content.decode()
    steps = shown[shown.index('id="official-invoice"'):]
    assert all(said in steps for said in ("25112000000012345678", "客户要专票", "xiaoxin"))
