"""What is done to many credit lines at once: exclusions from blocking rules, pauses of overdue states."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from credit.admin.display import firm_of
from credit.admin.exceptions import DaysFields, rules_of
from credit.errors import money
from credit.line_approvals import GRANT_CREDIT, ExcludeRule
from credit.models import CreditLine, OverduePause
from credit.pause_approvals import LONGEST_ALONE, PauseOverdue
from credit.services.line_changes import highest_limits
from credit.services.overdue_pauses import days_together, is_backdated
from memberships.admin.display import today
from operations.approvals import ApprovalAction
from operations.audit import because
from operations.bulk import BulkAction, Foreseen
from operations.models import User

State = CreditLine.State


class DaysForAll(DaysFields):
    """The same days for each line."""

    def __init__(self, data: Any, *, on: date, earliest: date | None = None) -> None:
        super().__init__(data, initial={"starts_on": on})
        self.earliest = earliest

    def clean(self) -> dict[str, Any]:
        """What would be refused for every line is refused here."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("It ends on its first day at the earliest."))
        if first and self.earliest and first < self.earliest:
            self.add_error("starts_on", _("It begins today at the earliest."))
        return cleaned


class ExcludeForAll(DaysForAll):
    """Which rule does not stop them: one of those of any of the lines' programmes."""

    rule = forms.ChoiceField(label=gettext_lazy("Blocking rule"), widget=UnfoldAdminSelectWidget())
    field_order = ("rule", "starts_on", "ends_on")

    def __init__(self, data: Any, *, on: date, rules: Mapping[str, str]) -> None:
        super().__init__(data, on=on, earliest=on)
        field: Any = self.fields["rule"]
        field.choices = list(rules.items())


class LinesAction(BulkAction):
    """An exception for lines, from a day to a day; each is made as the request of one line would be."""

    model = CreditLine
    asks = True
    single: type[ApprovalAction]

    def kept(self, answered: Mapping[str, Any]) -> dict[str, Any]:
        days = {name: answered[name].isoformat() for name in ("starts_on", "ends_on")}
        return {**days, "seen_on": today().isoformat()}

    def given_in_words(self) -> list[tuple[str, str]]:
        if not self.given:
            return []
        return [(_("From"), self.given["starts_on"]), (_("until (last day)"), self.given["ends_on"])]

    def records(self, keys: Collection[int]) -> Sequence[Any]:
        pauses = Prefetch("pauses", OverduePause.objects.order_by("pk"), to_attr="made")
        lines = CreditLine.objects.filter(pk__in=keys).select_related("member__customer")
        return list(lines.prefetch_related(pauses))

    def title(self, record: Any) -> str:
        return f"{record.member.number} · {firm_of(record)}"

    def days(self) -> dict[str, date]:
        """The days that were said."""
        return {name: date.fromisoformat(self.given[name]) for name in ("starts_on", "ends_on")}

    def payload(self, record: Any) -> dict[str, Any]:
        """What would be asked of this line alone."""
        raise NotImplementedError

    def do(self, record: Any, *, on: date, at: datetime, actor: User, checker: User | None, reason: str) -> str:
        with transaction.atomic(), because(reason, actor=actor):
            outcome = self.single().execute(
                self.payload(record), actor=actor, checker=checker, reason=reason, on=on, at=at
            )
        return outcome.words


class ExcludeLines(LinesAction):
    """Weighed by all that the lines may owe meanwhile, together."""

    name = "exclude_lines"
    label = gettext_lazy("Exclude many firms from a blocking rule")
    permission = ExcludeRule.permission
    unit = "CNY"
    limit = GRANT_CREDIT
    note = gettext_lazy("It is done at once; where the sum is over your limit, when a second person has approved.")
    single = ExcludeRule

    def form(self, records: Sequence[Any], data: Any, *, on: date) -> forms.Form:
        rules: dict[str, str] = {}
        for programme in sorted({record.programme_id for record in records}):
            rules |= rules_of(programme, on=on)
        return ExcludeForAll(data, on=on, rules=rules)

    def kept(self, answered: Mapping[str, Any]) -> dict[str, Any]:
        return {"rule": answered["rule"], **super().kept(answered)}

    def given_in_words(self) -> list[tuple[str, str]]:
        return [(_("Blocking rule"), self.given["rule"]), *super().given_in_words()] if self.given else []

    def records(self, keys: Collection[int]) -> Sequence[Any]:
        lines = super().records(keys)
        if self.given:
            highest = highest_limits([line.pk for line in lines], **self.days())
            rules = {each: rules_of(each, on=today()) for each in {line.programme_id for line in lines}}
            for line in lines:
                line.highest, line.rules = highest[line.pk], rules[line.programme_id]
        return lines

    def foresee(self, record: Any, *, on: date) -> Foreseen:
        if record.state == State.CLOSED:
            return Foreseen(_("The credit line is closed: nothing is drawn on it."), is_possible=False)
        if self.given["rule"] not in record.rules:
            words = _("There is no blocking rule “%(code)s”.")
            return Foreseen(words % {"code": self.given["rule"]}, is_possible=False)
        words = _("The rule stops no draws; the line may owe up to %(limit)s CNY. Overdue now: %(overdue)s CNY.")
        facts = {"limit": money(record.highest), "overdue": money(record.overdue_amount)}
        return Foreseen(words % facts, record.highest)

    def seen(self, record: Any) -> str:
        return f"{record.state} {record.suspended_on} {getattr(record, 'highest', '')}"

    def payload(self, record: Any) -> dict[str, Any]:
        return ExcludeRule.payload_of(record, self.given["rule"], **self.days())


class PauseLines(LinesAction):
    """Weighed by the days of all lines together: what one firm may have alone, many may not each."""

    name = "pause_lines"
    label = gettext_lazy("Pause the overdue states of many firms")
    permission = PauseOverdue.permission
    unit = gettext_lazy("days")
    places = 0
    limit = PauseOverdue.name
    note = gettext_lazy(
        "A pause stops reminders, overdue states and late fees. Where it begins in the past, or the firms' days come "
        "to more than 31 together, it takes two people."
    )
    single = PauseOverdue

    def form(self, records: Sequence[Any], data: Any, *, on: date) -> forms.Form:
        return DaysForAll(data, on=on)

    def weigh(self, amount: Decimal) -> Decimal | None:
        seen_on = date.fromisoformat(self.given["seen_on"])
        is_more = amount > LONGEST_ALONE or is_backdated(self.days()["starts_on"], on=seen_on)
        return None if is_more else Decimal(0)

    def foresee(self, record: Any, *, on: date) -> Foreseen:
        if record.state == State.CLOSED:
            return Foreseen(_("The credit line is closed: nothing of it is overdue."), is_possible=False)
        made = [(each.starts_on, each.ends_on) for each in record.made if each.checker_id is None]
        days = days_together([each for each in made if each[0] <= each[1]], **self.days())
        words = _("Its overdue days do not count. Now: %(state)s, %(overdue)s CNY overdue.")
        facts = {"state": record.get_overdue_state_display(), "overdue": money(record.overdue_amount)}
        return Foreseen(words % facts, Decimal(days))

    def seen(self, record: Any) -> str:
        return f"{record.state} {[(each.pk, each.ends_on.isoformat()) for each in record.made[-4:]]}"

    def payload(self, record: Any) -> dict[str, Any]:
        asked_on = date.fromisoformat(self.given["seen_on"])
        days = self.days()
        return PauseOverdue.payload_of(
            record, starts_on=days["starts_on"], ends_on=days["ends_on"], key=f"{self.given['key']}:{record.pk}",
            on=asked_on,
        )


ACTIONS = (ExcludeLines, PauseLines)
