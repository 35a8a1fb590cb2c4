"""What is owed to a partner for a month: drafted from accepted lines, adjusted, approved by a second person, closed.

    draft --submit_settlement--> waits for approval --the approval--> closed, locked for ever

A settlement whose request came to nothing (rejected, withdrawn, expired, refused) is a draft again when somebody takes
it up. Its lines are units x unit cost, by offer:

    the partner's statement      what matches, and differing lines as they were decided (sql/settlements/accepted.sql)
    our own records              where there is no statement of the month
    our own records, prepaid     offers paid in advance: told, and not part of the total

With differences that nobody decided about, a settlement is not submitted.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import override

from operations.approvals import Outcome
from operations.audit import because
from operations.errors import KeyConflictError
from operations.imports.exports import Cell, csv_lines
from operations.models import Approval, User
from operations.proofs import demand_proof
from operations.services.approvals import ask, requests_about
from partners.errors import OpenDifferencesError, SettlementStateError
from partners.models import Offer, Partner, PartnerStatement, Settlement, SettlementAdjustment, SettlementLine
from partners.services.partner_statements import open_lines
from partners.services.statements import rows

State, Source = Settlement.State, SettlementLine.Source
#: The approval action that closes one (partners/settlement_approvals.py registers it).
CLOSE_SETTLEMENT = "close_settlement"
CENT = Decimal("0.01")


@transaction.atomic
def draft_settlement(partner: Partner, month: date, *, on: date, at: datetime, actor: User | None) -> Settlement:
    """Make the month's settlement, or its lines anew; adjustments stay. SettlementStateError once it is submitted."""
    month = month.replace(day=1)
    if month > on:
        raise SettlementStateError(_("%(month)s has not begun yet.") % {"month": f"{month:%Y-%m}"})
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    statement = valid_statement(partner, month)
    with because(_("settlement drafted"), actor=actor):
        settlement, is_new = Settlement.objects.get_or_create(
            partner=partner, month=month, defaults={"statement": statement, "drafted_at": at}
        )
        if not is_new:
            settlement = _take_up(settlement)
            settlement.lines.all().delete()
            settlement.statement, settlement.drafted_at = statement, at
        SettlementLine.objects.bulk_create(_lines(settlement))
        settlement.total = _total(settlement)
        settlement.save(update_fields=["statement", "drafted_at", "total"])
    return settlement


def valid_statement(partner: Partner, month: date) -> PartnerStatement | None:
    """The month's statement that was not withdrawn."""
    statements = PartnerStatement.objects.filter(partner=partner, month=month)
    return statements.exclude(state=PartnerStatement.State.WITHDRAWN).first()


def _lines(settlement: Settlement) -> Iterator[SettlementLine]:
    """By source, offer and unit cost."""
    statement = settlement.statement
    facts = {"partner": settlement.partner_id, "month": settlement.month, "only_prepaid": statement is not None}
    for offer, is_prepaid, cost, units in rows("settlements/own", **facts):
        yield _line(settlement, offer, Source.PREPAID if is_prepaid else Source.OWN, cost, int(units))
    if statement is None:
        return
    units_of: dict[tuple[int, Decimal], int] = {}
    postpaid = set(Offer.objects.filter(
        partner=settlement.partner_id, settled=Offer.Settled.POSTPAID
    ).values_list("pk", flat=True))  # fmt: skip
    for sums in statement.matched:
        if sums["offer"] in postpaid:
            units_of[sums["offer"], Decimal(sums["unit_cost"])] = sums["units"]
    for offer, amount, lines in rows("settlements/accepted", statement=statement.pk):
        units_of[offer, amount] = units_of.get((offer, amount), 0) + lines
    for (offer, cost), units in sorted(units_of.items()):
        yield _line(settlement, offer, Source.STATEMENT, cost, units)


def _line(settlement: Settlement, offer: int, source: str, cost: Decimal, units: int) -> SettlementLine:
    amount = (cost * units).quantize(CENT, ROUND_HALF_UP)
    return SettlementLine(
        settlement=settlement, offer_id=offer, source=source, unit_cost=cost, units=units, amount=amount
    )


def _total(settlement: Settlement) -> Decimal:
    """What is owed: lines that are not prepaid, and adjustments."""
    lines = settlement.lines.filter(~Q(source=Source.PREPAID)).aggregate(sum=Sum("amount"))["sum"]
    adjusted = settlement.adjustments.aggregate(sum=Sum("amount"))["sum"]
    return (lines or Decimal(0)) + (adjusted or Decimal(0))


def _take_up(settlement: Settlement) -> Settlement:
    """The settlement, locked, as a draft. SettlementStateError when it is closed, or somebody is asked to close it."""
    settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
    if is_waiting(settlement):
        raise SettlementStateError(_("This settlement waits for approval: withdraw that request first."))
    if settlement.state == State.CLOSED:
        raise SettlementStateError(_("This settlement is closed for ever."))
    if settlement.state == State.SUBMITTED:
        settlement.state = State.DRAFT
        settlement.save(update_fields=["state"])
    return settlement


def is_waiting(settlement: Settlement) -> bool:
    """Whether somebody is asked to close it."""
    return settlement.state == State.SUBMITTED and bool(requests_about(settlement))


def shown_state(settlement: Settlement) -> str:
    """The state as people should read it: submitted, and the request came to nothing, is a draft."""
    is_turned_down = settlement.state == State.SUBMITTED and not is_waiting(settlement)
    return State.DRAFT if is_turned_down else State(settlement.state)


@transaction.atomic
def adjust_settlement(
    settlement: Settlement, amount: Decimal, *, key: str, reason: str, on: date, at: datetime, actor: User | None
) -> SettlementAdjustment:
    """Add an amount to a draft, or (negative) take one off. The same key again returns the first one.

    Raises KeyConflictError for the same key with another amount, SettlementStateError.
    """
    demand_proof(at=at)
    settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
    first = settlement.adjustments.filter(key=key).first()
    if first is not None:
        if first.amount != amount:
            raise KeyConflictError(key)
        return first
    settlement = _take_up(settlement)
    if not amount or not reason.strip():
        raise SettlementStateError(_("An adjustment has an amount and a reason."))
    with because(reason, actor=actor):
        adjustment = SettlementAdjustment.objects.create(
            settlement=settlement, key=key, amount=amount, reason=reason.strip()[:200], on=on, at=at, actor=actor
        )
        settlement.total = _total(settlement)
        settlement.save(update_fields=["total"])
    return adjustment


@transaction.atomic
def submit_settlement(
    settlement: Settlement, *, reason: str, on: date, at: datetime, actor: User
) -> Outcome | Approval:
    """Ask for the settlement to be closed; within the actor's limit it is closed at once.

    Raises OpenDifferencesError, SettlementStateError, and what `approvals.ask` does.
    """
    Partner.objects.select_for_update(no_key=True).get(pk=settlement.partner_id)
    settlement = _take_up(settlement)
    refuse_unready(settlement, on=on)
    settlement.state = State.SUBMITTED
    with because(reason, actor=actor):
        settlement.save(update_fields=["state"])
    return ask(
        CLOSE_SETTLEMENT, {"settlement": settlement.pk, "total": str(settlement.total)}, actor=actor, reason=reason,
        on=on, at=at,
    )


def refuse_unready(settlement: Settlement, *, on: date) -> None:
    """OpenDifferencesError, or SettlementStateError when the month goes on, or its statement is another by now."""
    if settlement.month.replace(day=1) == on.replace(day=1):
        raise SettlementStateError(_("%(month)s is not over yet.") % {"month": f"{settlement.month:%Y-%m}"})
    statement = valid_statement(settlement.partner, settlement.month)
    if statement != settlement.statement:
        raise SettlementStateError(_("There is another statement of this month by now: draft the settlement anew."))
    if statement is not None and (lines := open_lines(statement)):
        raise OpenDifferencesError(lines)
    if sorted(map(_facts, _lines(settlement))) != sorted(map(_facts, settlement.lines.all())):
        raise SettlementStateError(_("What its lines rest on has changed: draft the settlement anew."))


def _facts(line: SettlementLine) -> tuple[int, str, Decimal, int]:
    return line.offer_id, str(line.source), line.unit_cost, line.units


@transaction.atomic
def close_settlement(settlement: Settlement, *, on: date, at: datetime, actor: User | None) -> Settlement:
    """What the approval does: the settlement and its statement are locked. SettlementStateError, OpenDifferencesError.

    A repeat is an error: what is closed is closed once.
    """
    Partner.objects.select_for_update(no_key=True).get(pk=settlement.partner_id)
    settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
    if settlement.state != State.SUBMITTED:
        raise SettlementStateError(
            _("This settlement is “%(state)s”: it is not closed now.") % {"state": settlement.get_state_display()}
        )
    refuse_unready(settlement, on=on)
    if settlement.total != _total(settlement):
        raise SettlementStateError(_("The lines do not come to the total: draft the settlement anew."))
    if settlement.statement is not None:
        settlement.statement.state = PartnerStatement.State.SETTLED
        settlement.statement.save(update_fields=["state"])
    settlement.state, settlement.closed_on = State.CLOSED, on
    settlement.save(update_fields=["state", "closed_on"])
    return settlement


def export_settlement(settlement: Settlement, language: str) -> Iterator[bytes]:
    """The settlement as CSV: its lines, its adjustments, the total; texts are guarded, amounts numbers."""
    with override(language):
        header = [
            _("Partner"), _("Month"), _("Kind"), _("Benefit"), _("Partner's product number"), _("Units"),
            _("Unit cost (CNY)"), _("Amount (CNY)"), _("Reason and key"),
        ]
        lines = [*_exported(settlement)]
    return csv_lines(header, lines)


def _exported(settlement: Settlement) -> Iterator[list[Cell]]:
    of = [settlement.partner.code, f"{settlement.month:%Y-%m}"]
    for line in settlement.lines.select_related("offer__benefit").order_by("source", "offer_id", "unit_cost"):
        yield [
            *of, line.get_source_display(), str(line.offer.benefit), line.offer.sku, line.units,
            line.unit_cost, line.amount, "",
        ]
    for entry in settlement.adjustments.order_by("pk"):
        yield [*of, _("adjustment"), "", "", "", "", entry.amount, f"{entry.reason} {entry.key}"]
    yield [*of, _("total, without prepaid"), "", "", "", "", settlement.total, settlement.get_state_display()]
