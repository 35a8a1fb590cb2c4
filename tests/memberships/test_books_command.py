"""manage.py audit_books: what it prints, and what it answers to whoever called it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from memberships.models import Enrolment
from operations import registry
from operations.owners import number_of
from tests.gateway import GatewayForTests
from tests.memberships.books_stories import EVE, a_renewed_card, behind_the_back
from tests.memberships.points_stories import a_wallet, earn

pytestmark = pytest.mark.django_db


def audit(*options: str) -> tuple[int, str]:
    """Exit code and output."""
    output = StringIO()
    with translation.override("en"), pytest.raises(SystemExit) as end:
        call_command("audit_books", *options, stdout=output, stderr=StringIO())
    assert isinstance(end.value.code, int)
    return end.value.code, output.getvalue()


@pytest.fixture
def wallet() -> Enrolment:
    wallet = a_wallet()
    earn(wallet, 100)
    return wallet


def test_clean_books_are_a_line_for_each_check_and_zero(wallet: Enrolment) -> None:
    code, text = audit()
    assert code == 0
    lines = text.splitlines()
    assert len(lines) == len(list(registry.book_checks))
    assert "points wallets: 1 looked at, 0 differences" in lines


def test_a_difference_is_named_and_the_answer_is_one(wallet: Enrolment) -> None:
    behind_the_back("UPDATE memberships_enrolment SET balance = 150")
    code, text = audit()
    assert code == 1
    assert (
        f"points wallets: the balance is not the sum of the entries: {wallet.pk}, member"
        f" {number_of(wallet.member_id)}: expected 100, found 150"
    ) in text.splitlines()
    assert "points wallets: 1 looked at, 2 differences" in text.splitlines()


def test_the_same_as_json(wallet: Enrolment) -> None:
    behind_the_back("UPDATE memberships_enrolment SET balance = 150")
    code, text = audit("--json")
    said = json.loads(text)
    assert code == 1 and said["clean"] is False
    faults = [found["fault"] for found in said["differences"]]
    assert faults == ["balance_of_entries", "balance_of_lots", "issued_of_programme"]
    assert said["differences"][0] == {
        "check": "wallets", "fault": "balance_of_entries", "message": "the balance is not the sum of the entries",
        "key": str(wallet.pk), "member": number_of(wallet.member_id), "expected": "100", "found": "150",
        "pending": False,
    }
    wallets = next(check for check in said["checks"] if check["check"] == "wallets")
    assert wallets == {"check": "wallets", "looked_at": 1, "differences": 2, "pending": 0, "error": ""}
    behind_the_back("UPDATE memberships_enrolment SET balance = 100")
    assert json.loads(audit("--json")[1])["clean"] is True


@pytest.mark.django_db(transaction=True)
def test_a_gateway_that_is_down_is_said_in_clear_words_and_the_answer_is_one(gateway: GatewayForTests) -> None:
    a_renewed_card(gateway)
    gateway.server.stop()
    code, text = audit("--date", str(EVE))
    assert code == 1
    (line,) = [line for line in text.splitlines() if "sandbox" in line]
    assert "could not be compared: The gateway “sandbox” does not answer" in line


@pytest.mark.django_db(transaction=True)
def test_money_of_earlier_dates_is_compared_when_asked_for(gateway: GatewayForTests) -> None:
    _card, payment = a_renewed_card(gateway)
    behind_the_back("UPDATE memberships_paymentevent SET at = now() - interval '20 days'")
    gateway.empty_books()
    assert audit()[0] == 0
    code, text = audit("--since", "2026-01-01")
    assert code == 1 and payment.attempt_key in text


@pytest.mark.parametrize("options", [["--date", "yesterday"], ["--since", "2027-13-01"],
                                     ["--date", "2027-01-15", "--since", "2027-01-16"]])
def test_dates_that_make_no_sense_are_refused(options: list[str]) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("audit_books", *options, stdout=StringIO())
    assert refusal.value.returncode == 2
