"""The demo's credit: lines in every state, invoices in every bucket, receipts matched and not, requests that wait."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from credit.line_approvals import GrantCredit, RaiseForATime
from credit.models import CreditLine, Invoice
from credit.services.balance_confirmations import ask_for_confirmation
from credit.services.decisions import cards_for
from credit.services.draws import authorise
from credit.services.exclusions import exclude_rule
from credit.services.invoices import enter_invoice
from credit.services.lapses import follow_cards
from credit.services.line_changes import suspend_line
from credit.services.lines import open_line
from credit.services.official_invoices import issue_official, request_official
from credit.services.overdue import age_lines
from credit.services.receipts import Incoming, enter_receipt, set_receipt_aside
from memberships.demo.cards import Days
from memberships.demo.parts import DemoPart
from memberships.demo.programmes import JD_PLUS_ENTERPRISE
from memberships.demo.users import CONTROLLER
from memberships.models import CreditRequest, EnterpriseCustomer, Subscription
from memberships.services.ranges import EVERYTHING
from operations.dates import BUSINESS_ZONE
from operations.errors import PlusdeskError
from operations.models import User
from operations.services.approvals import ask

DAY = timedelta(days=1)
NET_30 = {"kind": "net_days", "days": 30}
MONTHLY = {"kind": "statement", "statement_day": 1, "repayment_day": 31, "longest_days": 61, "rolling": "forward"}
#: Lines are opened so many days ago.
SINCE = 150


class Story(NamedTuple):
    """A firm: its limit and terms, and what it bought, or (below zero) paid, as (days ago, CNY), in their order."""

    name: str
    limit: int
    terms: dict[str, Any]
    moved: tuple[tuple[int, str], ...]


STORIES = (
    Story("pays", 80_000, NET_30, (
        (75, "12800.00"), (48, "-12800.00"), (45, "9360.50"), (16, "-9499.50"), (12, "18200.00"),
    )),
    Story("late", 50_000, NET_30, ((52, "8640.00"), (9, "3200.00"))),
    Story("later", 60_000, NET_30, ((74, "21500.00"),)),
    Story("overdue", 100_000, NET_30, ((108, "36780.00"), (104, "4100.00"))),
    Story("lost", 30_000, NET_30, ((140, "15999.99"),)),
    Story("monthly", 100_000, MONTHLY, ((40, "47200.00"), (20, "15880.00"), (3, "9999.00"))),
    Story("suspended", 40_000, NET_30, ((25, "6800.00"),)),
    Story("full", 20_000, NET_30, ((15, "16350.00"), (6, "2900.00"))),
    Story("quiet", 70_000, MONTHLY, ()),
)


class CreditLines(DemoPart):
    """Before the nights firms buy, so that the nights tell what is overdue; afterwards money comes in."""

    name = "credit"

    def prepare(self, days: Days) -> None:
        since = days.today - SINCE * DAY
        cards = _cards(since=since, on=days.today)
        for story, card in zip(STORIES, cards, strict=False):
            line = _open(card, story, on=since)
            for ago, amount in story.moved:
                move = _receive if Decimal(amount) < 0 else _buy
                move(line, abs(Decimal(amount)), on=days.today - ago * DAY)
        _lapsed(days)

    def act(self, days: Days) -> None:
        on, yesterday, actor = days.today, days.today - DAY, _controller()
        age_lines(EVERYTHING, on=yesterday, at=_noon(yesterday))
        follow_cards(EVERYTHING, on=yesterday, at=_noon(yesterday), actor=None)
        lines = _lines()
        if len(lines) < len(STORIES) or actor is None:
            return
        _money(lines, on=on)
        _exceptions(lines, on=on, actor=actor)
        _ask_for_more(on=on, actor=actor)


def _cards(*, since: date, on: date) -> list[Subscription]:
    """Cards of firms that were held all the time, as many as there are stories."""
    held = Subscription.objects.active(on=on).filter(programme__code=JD_PLUS_ENTERPRISE, started_on__lte=since)
    return [card for card in held.select_related("plan").order_by("pk") if _was_held(card, on=since)][: len(STORIES)]


def _was_held(card: Subscription, *, on: date) -> bool:
    return Subscription.objects.active(on=on).filter(pk=card.pk).exists()


def _open(card: Subscription, story: Story, *, on: date) -> CreditLine:
    return open_line(
        card, limit=Decimal(story.limit), terms=story.terms, on=on, at=_noon(on), actor=_controller(),
        reason="资料齐全，按申请授信", review_on=on + (365 if story.name != "late" else SINCE - 5) * DAY,
        evidence={"demo": story.name},
    )


def _buy(line: CreditLine, amount: Decimal, *, on: date) -> None:
    enter_invoice(
        line, amount, key=f"demo-{on}", order_number=f"PO{on:%y%m%d}{line.pk:04d}", on=on, at=_noon(on),
        actor=_controller(),
    )


def _receive(line: CreditLine, amount: Decimal, *, on: date, reference: str = "货款") -> None:
    enter_receipt(
        Incoming(f"DEMO-{line.pk}-{on}", _firm(line), amount, on, f"110907{line.pk:08d}", reference),
        on=on, at=_noon(on), actor=_controller(),
    )


def _lapsed(days: Days) -> None:
    """A firm whose card ended, and which owes something still."""
    first = days.today - 70 * DAY
    over = Subscription.objects.filter(
        programme__code=JD_PLUS_ENTERPRISE, lapsed_on__range=(first, days.today - 5 * DAY)
    ).exclude(member__credit_lines__state="active").order_by("pk")
    for card in over.select_related("plan"):
        assert card.lapsed_on is not None
        on = card.lapsed_on - 45 * DAY
        if _was_held(card, on=on):
            line = _open(card, Story("lapsed", 30_000, NET_30, ()), on=on)
            _buy(line, Decimal("7420.00"), on=on + 5 * DAY)
            return


def _lines() -> dict[str, CreditLine]:
    """By the name of the story."""
    found = CreditLine.objects.filter(versions__evidence__has_key="demo").order_by("pk")
    return {line.versions.earliest("number").evidence["demo"]: line for line in found.distinct()}


def _money(lines: dict[str, CreditLine], *, on: date) -> None:
    """A part of what is owed, by reference; three that are nobody's yet, and one that is no firm's."""
    first, _second, third = _invoices(lines["pays"])
    late, _later = _invoices(lines["late"])
    _receive(lines["late"], Decimal("3000.00"), on=on - 4 * DAY, reference=f"部分货款 {late.number}")
    who: dict[str, Any] = {"at": _noon(on), "actor": _controller()}
    request_official(third, **who)
    issue_official(first, number="24112000000012345678", issued_on=first.invoiced_on + DAY, on=on, **who)
    (lost,) = _invoices(lines["lost"])
    facts = {"on": on, **who}
    for number, (payer, amount, reference) in enumerate((
        (_firm(lines["lost"])[:6] + "（财务部）", lost.amount, "货款"),
        ("个人转账 李先生", Decimal("2900.00"), "代付订单"),
        ("某某科技有限公司", Decimal("688.00"), ""),
        ("开户银行", Decimal("12.37"), "第三季度结息"),
    )):
        receipt = enter_receipt(
            Incoming(f"DEMO-X{number}", payer, amount, on - DAY, f"62220210{number}8888", reference),
            **facts,
        )
    set_receipt_aside(receipt, reason="银行结息，非客户付款", **facts)


def _exceptions(lines: dict[str, CreditLine], *, on: date, actor: User) -> None:
    """A line that somebody stopped, a rule that does not stop, an order that holds an amount, a question."""
    at = _noon(on)
    suspend_line(lines["suspended"], on=on, actor=actor, reason="收货争议，待核实")
    exclude_rule(
        lines["overdue"], "on-hold", starts_on=on, ends_on=on + 10 * DAY, on=on, at=at, actor=actor,
        reason="已承诺本周付款",
    )
    authorise(lines["monthly"], Decimal("12500.00"), key="demo", order_number="PO-0001", on=on, at=at, actor=actor)
    ask_for_confirmation(lines["overdue"], as_of=on.replace(day=1), on=on, actor=actor)
    increase = RaiseForATime.payload_of(
        lines["full"], amount=Decimal(150_000), starts_on=on, ends_on=on + 30 * DAY, key="demo-increase"
    )
    ask(RaiseForATime.name, increase, actor=actor, reason="旺季备货", on=on, at=at)


def _ask_for_more(*, on: date, actor: User) -> None:
    """A request over the controller's limit, which waits for the approver."""
    waiting = CreditRequest.objects.filter(state=CreditRequest.State.OPEN, limit__gt=100_000)
    for request in waiting.exclude(member__credit_lines__state="active").order_by("pk")[:50]:
        cards = cards_for(request, on=on)
        if not cards:
            continue
        payload = GrantCredit.payload_of(
            request, cards[0], limit=min(request.limit or Decimal(0), Decimal(800_000)),
            facts={"evidence": "已核验近两年财务报表"},
        )
        try:
            ask(GrantCredit.name, payload, actor=actor, reason="优质客户，建议授信", on=on, at=_noon(on))
        except PlusdeskError:
            continue
        return


def _invoices(line: CreditLine) -> list[Invoice]:
    return list(Invoice.objects.filter(line=line).order_by("pk"))


def _firm(line: CreditLine) -> str:
    return EnterpriseCustomer.objects.get(member=line.member_id).legal_name


def _controller() -> User | None:
    return User.objects.filter(username=CONTROLLER.username).first()


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12, 15), BUSINESS_ZONE)
