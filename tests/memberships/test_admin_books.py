"""The page of an audit's run: every difference in words, with its record, fifty at a time."""

import pytest
from django.utils import timezone
from django.utils.html import escape

from memberships.books.tables import page_of
from memberships.models import Payment
from operations import registry
from operations.admin import book_pages
from operations.models import JobRun
from operations.owners import number_of
from operations.services.jobs import start_run
from operations.tasks import work_through
from tests.gateway import GatewayForTests
from tests.memberships.books_stories import EVE, a_renewed_card, behind_the_back
from tests.memberships.points_stories import a_wallet, earn, spend
from tests.operations.run_pages import seen, url, who_only_reads

pytestmark = pytest.mark.django_db(transaction=True)


def audited(on: object = None) -> JobRun:
    day = on or timezone.localdate()
    return work_through(start_run("audit_books", business_date=day, actor=None, at=timezone.now()).pk)  # type: ignore


def test_a_clean_run_shows_no_differences() -> None:
    earn(a_wallet(), 100)
    run = audited()
    page = seen(who_only_reads(), url(run))
    assert "Differences in the books" not in page and "points wallets" in page


def test_a_run_that_failed_otherwise_says_why_and_speaks_of_no_differences() -> None:
    run = audited()
    run.state, run.error = JobRun.State.FAILED, "the disk is full"
    run.save()
    page = seen(who_only_reads(), url(run))
    assert "the disk is full" in page and "do not agree" not in page


def test_a_difference_is_shown_in_words_with_its_record() -> None:
    wallet = a_wallet()
    earn(wallet, 100)
    spent = spend(wallet, 30)
    behind_the_back("UPDATE memberships_pointsentry SET credit = 'breakage' WHERE id = %s", spent.pk)
    run = audited()
    page = seen(who_only_reads(), url(run))
    for text in ("The books do not agree", "Differences in the books", "points entries", number_of(wallet.member_id),
                 "debit and credit are not those of such an entry", escape("member's wallet / breakage")):
        assert text in page
    assert f'href="/admin/memberships/member/{wallet.member_id}/change/"' in page


def test_many_differences_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_pages, "PAGE_SIZE", 3)
    wallets = [a_wallet() for _number in range(4)]
    behind_the_back("UPDATE memberships_enrolment SET balance = 5")
    run = audited()
    desk = who_only_reads()
    keys: list[str] = []
    address = url(run)
    while address:
        panel = desk.get(address).context["differences"]
        keys += [row.difference.key for row in panel["rows"]]
        assert len(panel["rows"]) <= 3
        address = panel["next_url"]
    # Each balance differs from its entries and from its lots; together they differ from what the programme issued.
    assert sorted(keys) == sorted([*[str(wallet.pk) for wallet in wallets] * 2, str(wallets[0].programme_id)])
    assert desk.get(url(run), {"difference": "x"}).status_code == 200


def test_each_difference_leads_to_the_record_it_is_about(gateway: GatewayForTests) -> None:
    card, payment = a_renewed_card(gateway)
    behind_the_back("UPDATE memberships_subscription SET paid_until = '2030-01-01'")
    behind_the_back("UPDATE memberships_payment SET refunded = 1")
    page = seen(who_only_reads(), url(audited(EVE)))
    assert f'href="/admin/memberships/subscription/{card.pk}/change/"' in page
    assert f'href="/admin/memberships/payment/{payment.pk}/change/"' in page


def test_a_key_that_is_nobodys_leads_nowhere() -> None:
    assert page_of(Payment, "somebody-elses") == ""
    assert page_of(Payment, "12-1") == "/admin/memberships/payment/12/change/"
    assert registry.book_checks.get("gateway-sandbox").page_of("charged_unasked", "12-1", None) == ""
    assert registry.book_checks.get("wallets").page_of("balance_of_entries", "5", 7).endswith("/member/7/change/")
