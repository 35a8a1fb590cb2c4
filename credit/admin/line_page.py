"""What the page of a credit line shows, in a fixed number of queries."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from credit.admin.display import (
    AUTHORISATION_COLOURS,
    OVERDUE_COLOURS,
    RECEIPT_COLOURS,
    bar_of,
)
from credit.admin.exceptions import END_EXCLUSION, END_INCREASE, END_PAUSE, rule_names
from credit.models import (
    Authorisation,
    BalanceConfirmation,
    CreditEntry,
    CreditLine,
    Invoice,
    LineVersion,
    OverdueChange,
    OverdueState,
    Receipt,
)
from credit.services.ageing import Bucket, ageing_of
from credit.terms.words import rule_in_words
from memberships.admin.actions import offered

#: Rows of a section at the most; the lists have the rest.
ROWS = 20
#: What is left out of a list of entries is in the list of its own.
ENTRIES = 15


def line_sections(request: HttpRequest, line: Any, *, on: date) -> dict[str, Any]:
    """All sections of the page; `line` has `limit_today`."""
    return {
        "line": line, "bar": bar_of(line),
        "overdue_colour": OVERDUE_COLOURS[OverdueState(line.overdue_state)], "versions": _versions(line, on=on),
        **_exceptions(request, line, on=on), "invoices": open_invoices(line, on=on)[: ROWS + 1], "rows": ROWS,
        "authorisations": _authorisations(line), "receipts": _receipts(line),
        "entries": CreditEntry.objects.filter(line=line).select_related("actor", "invoice", "receipt")
        .order_by("-pk")[:ENTRIES],
        "overdue_changes": _changes(line), "ageing": _ageing(line, on=on),
        "confirmations": BalanceConfirmation.objects.filter(line=line).order_by("-as_of")[:ROWS],
        "lists": {
            model: f"{reverse(f'admin:credit_{model}_changelist')}?line={line.pk}"
            for model in ("invoice", "receipt", "creditentry", "authorisation", "overduechange", "creditnote")
        },
    }


def open_invoices(line: CreditLine, *, on: date) -> list[Any]:
    """The oldest due first, each with how many days it is overdue; one more than is shown says that there are more."""
    found: list[Any] = list(Invoice.objects.open().filter(line=line).order_by("due_on", "pk")[: ROWS + 1])
    for invoice in found:
        invoice.days_overdue = max((on - invoice.due_on).days, 0)
        invoice.colour = OVERDUE_COLOURS[OverdueState(invoice.overdue_state)]
    return found


def _versions(line: CreditLine, *, on: date) -> list[Any]:
    newest = LineVersion.objects.filter(line=line).select_related("maker", "checker").order_by("-number")
    found: list[Any] = list(newest[:ROWS])
    in_force = LineVersion.objects.in_force(on=on).filter(line=line).values_list("pk", flat=True).first()
    for version in found:
        version.words, version.is_in_force = rule_in_words(version.terms), version.pk == in_force
    return found


def _exceptions(request: HttpRequest, line: CreditLine, *, on: date) -> dict[str, Any]:
    """Increases, exclusions and pauses that are not over, or were lately; each with its button."""
    names, sections = rule_names(line, on=on), {}
    kinds: tuple[tuple[str, Any, Any], ...] = (
        ("increases", line.increases, END_INCREASE), ("exclusions", line.exclusions, END_EXCLUSION),
        ("pauses", line.pauses.select_related("invoice"), END_PAUSE),
    )
    for name, rows, action in kinds:
        found: list[Any] = list(rows.select_related("maker", "checker").order_by("-ends_on", "-pk")[:ROWS])
        for each in found:
            each.is_live = each.starts_on <= on <= each.ends_on
            each.buttons = offered(request, (action,), each, on=on)
            each.rule_name = names.get(getattr(each, "rule", ""), getattr(each, "rule", ""))
        sections[name] = found
    return sections


def _authorisations(line: CreditLine) -> list[Any]:
    """Those that hold something, then the latest others."""
    held = Authorisation.objects.filter(line=line).order_by("-pk")
    found: list[Any] = list(held.filter(state=Authorisation.State.HELD)[:ROWS])
    found += held.exclude(state=Authorisation.State.HELD)[: max(5 - len(found), 0)]
    for each in found:
        each.colour = AUTHORISATION_COLOURS[Authorisation.State(each.state)]
    return found


def _receipts(line: CreditLine) -> list[Any]:
    found: list[Any] = list(Receipt.objects.filter(line=line).order_by("-pk")[:10])
    for receipt in found:
        receipt.colour = RECEIPT_COLOURS[Receipt.State(receipt.state)]
    return found


def _changes(line: CreditLine) -> list[Any]:
    found: list[Any] = list(OverdueChange.objects.filter(line=line).order_by("-pk")[:ROWS])
    for change in found:
        change.colour = OVERDUE_COLOURS[OverdueState(change.new)]
    return found


def _ageing(line: CreditLine, *, on: date) -> list[tuple[Any, Any]]:
    """(bucket, amount), where anything is open."""
    aged = ageing_of([line], on=on)
    return [(bucket.label, aged.buckets[bucket]) for bucket in Bucket] if aged.total else []
