"""Credit over HTTP: a shop asks, holds, invoices and credits; each refusal says which rules stopped it."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from credit.api import DRAW, INVOICE, READ
from credit.credit_note_approvals import CREDIT_INVOICE
from credit.models import Authorisation, CreditLine, Invoice
from memberships.admin.display import today
from tests.credit.credit_stories import DAY, a_line, an_invoice, fresh
from tests.credit.draw_stories import the_rules
from tests.memberships.admin_pages import may_alone
from tests.operations.api_fuzz import surprises
from tests.operations.api_stories import Caller, a_caller, an_api_client, problem, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def line() -> CreditLine:
    return a_line(1_000, on=today() - 20 * DAY)


@pytest.fixture
def shop() -> Caller:
    return a_caller(READ, DRAW, INVOICE)


def of(line: CreditLine, page: str) -> str:
    return f"/api/v1/credit/members/{line.member.number}/{page}"


def on_line(line: CreditLine, page: str) -> str:
    return of(line, f"lines/{line.programme.code}/{page}")


def test_order_is_held_once_invoiced_in_parts_and_voided(shop: Caller, line: CreditLine) -> None:
    body = {"amount": "600.50", "order_number": "JD-1"}
    first = shop.post(on_line(line, "authorisations"), body, key="order-1")
    assert first.status_code == 200 and first.json()["state"] == "held"
    assert shop.post(on_line(line, "authorisations"), body, key="order-1").json() == first.json()
    other = shop.post(on_line(line, "authorisations"), body | {"amount": "1"}, key="order-1")
    assert problem(other) == (409, "key-conflict")
    held = f"authorisations/{first.json()['id']}"
    assert Authorisation.objects.get().actor == user_of(shop)
    invoice = shop.post(of(line, f"{held}/capture"), {"amount": "100"}, key="c1")
    assert shop.post(of(line, f"{held}/capture"), {"amount": "100"}, key="c1").json() == invoice.json()
    assert (invoice.json()["outstanding"], invoice.json()["order_number"]) == ("100.00", "JD-1")
    (shown,) = shop.get(of(line, "lines")).json()
    assert (shown["open"], shown["authorised"], shown["available"]) == ("100.00", "500.50", "399.50")
    for _again in range(2):
        assert shop.post(of(line, f"{held}/void"), {"reason": "取消"}, key="v1").json()["state"] == "voided"
    refused = shop.post(of(line, f"{held}/capture"), {}, key="c2")
    assert problem(refused) == (409, "authorisation-state")
    assert shop.get(of(line, held)).json()["captured"] == "100.00"
    stranger = a_line(1_000, on=today())
    assert problem(shop.get(of(stranger, held)))[0] == 404
    assert problem(shop.post(on_line(line, "authorisations"), body))[0] == 422
    assert problem(a_caller(READ).post(on_line(line, "authorisations"), body, key="x"))[0] == 403


def test_would_this_order_pass_and_why_not(shop: Caller, line: CreditLine) -> None:
    the_rules(order_amount="500", overdue_days="5")
    an_invoice(line, 10, on=today() - 20 * DAY, due_on=today() - 9 * DAY)
    said = shop.get(on_line(line, "check"), amount="995").json()
    assert (said["passes"], said["available"]) == (False, "990.00")
    assert [(each["code"], each["figure"], each["threshold"]) for each in said["hindrances"]] == [
        ("order-amount", "995.00", "500"), ("overdue-days", "9", "5"), ("limit", "1005.00", "1000.00"),
    ]
    refused = shop.post(on_line(line, "authorisations"), {"amount": "995"}, key="1")
    assert problem(refused) == (409, "draw-refused") and "995.00 CNY" in refused.json()["detail"]
    in_chinese = shop.post(
        on_line(line, "authorisations"), {"amount": "995"}, key="1", **{"accept-language": "zh-hans"}
    )
    assert in_chinese.json()["detail"] != refused.json()["detail"]
    for amount in ("0", "-1", "0.001", "1e30", "x"):
        assert problem(shop.get(on_line(line, "check"), amount=amount))[0] == 422


def test_purchase_is_entered_and_credited_by_two_over_the_limit(shop: Caller, line: CreditLine) -> None:
    body = {"amount": "300", "number": "INV-9", "invoiced_on": str(today() - DAY)}
    entered = shop.post(on_line(line, "invoices"), body, key="i1").json()
    assert shop.post(on_line(line, "invoices"), body, key="i1").json() == entered
    assert problem(shop.post(on_line(line, "invoices"), body, key="i2")) == (409, "invoice-exists")
    other = shop.post(on_line(line, "invoices"), body | {"order_number": "JD-2"}, key="i1")
    assert problem(other) == (409, "key-conflict") and "order_number" in other.json()["detail"]
    ours = shop.post(on_line(line, "invoices"), body | {"number": "LF202702-1"}, key="i3")
    assert problem(ours) == (422, "draw")
    assert shop.get(of(line, "invoices")).json() == [entered] and entered["official_state"] == "none"
    note = {"amount": "50", "reason": "货物退回"}
    # The token's user is nobody to the desk yet.
    assert problem(shop.post(of(line, "invoices/INV-9/credit-notes"), note, key="n1"))[0] == 403
    user = user_of(shop)
    user.user_permissions.add(Permission.objects.get(codename="invoice_credit"))
    may_alone(user, CREDIT_INVOICE, 100)
    first = shop.post(of(line, "invoices/INV-9/credit-notes"), note, key="n1").json()
    otherwise = shop.post(of(line, "invoices/INV-9/credit-notes"), note | {"reason": "少发"}, key="n1")
    assert problem(otherwise) == (409, "key-conflict")
    assert (first["state"], first["amount"], first["unapplied"]) == ("booked", "50.00", "0.00")
    assert shop.post(of(line, "invoices/INV-9/credit-notes"), note, key="n1").json() == first
    waiting = shop.post(of(line, "invoices/INV-9/credit-notes"), note | {"amount": "100.01"}, key="n2").json()
    assert (waiting["state"], waiting["number"]) == ("waiting", None)
    assert shop.post(of(line, "invoices/INV-9/credit-notes"), note | {"amount": "100.01"}, key="n2").json() == waiting
    too_much = shop.post(of(line, "invoices/INV-9/credit-notes"), note | {"amount": "251"}, key="n3")
    assert problem(too_much) == (409, "credit-note")
    assert fresh(Invoice.objects.get()).outstanding == Decimal(250)
    assert shop.get(of(line, "invoices/INV-9")).json()["credited"] == "50.00"


def test_no_answer_is_a_surprise(line: CreditLine, settings: object) -> None:
    settings.API_PER_MINUTE = 0  # type: ignore[attr-defined]
    token = an_api_client(READ, DRAW, INVOICE).token
    assert surprises("/api/v1/openapi.json", token=token, only="/credit", examples=5) == []
