"""What moves a limit takes two people over the maker's own: grants, changes, increases, exclusions, draws that go on.

All are weighed by what the line may owe afterwards, against the limits of `grant_credit`: nobody who may grant 100,000
CNY alone makes a line of more out of two steps. What lowers a limit, shortens terms on every day, suspends or closes a
line, anybody with the right does.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from credit.approvals import CreditAction
from credit.errors import money
from credit.models import CreditLine
from credit.services.decisions import grant_request, line_of, refuse_grant
from credit.services.exclusions import exclude_rule, refuse_exclusion
from credit.services.line_changes import (
    change_line,
    highest_limit,
    keep_line,
    raise_for_a_time,
    refuse_change,
    refuse_closed,
    refuse_increase,
    resume_line,
)
from credit.services.lines import increases_from, limit_on, lock_line, version_on
from credit.services.policies import offer_of
from credit.terms.checks import is_later
from credit.terms.words import rule_in_words
from memberships.models import CreditRequest, Subscription
from memberships.services.members import lock_member
from operations.approvals import Description, Measure, Outcome, Payload, fingerprint
from operations.models import User

GRANT_CREDIT = "grant_credit"
NOTHING = Decimal(0)


class GrantCredit(CreditAction):
    """Payload: {"request", "card", "limit", "terms": a rule or null, "review_on": a day or null, "facts"}."""

    name = GRANT_CREDIT
    label = gettext_lazy("grant credit")
    permission = "credit.decide_credit"

    @staticmethod
    def payload_of(
        request: CreditRequest, card: Subscription, *, limit: Decimal, terms: dict[str, Any] | None = None,
        review_on: date | None = None, facts: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """What granting a limit to a request by a card is."""
        return {
            "request": request.pk, "card": card.pk, "limit": str(limit), "terms": terms,
            "review_on": review_on and review_on.isoformat(), "facts": facts or {},
        }

    def amount(self, payload: Payload) -> Decimal | None:
        line = line_of(self._card(payload))
        # Increases that there are since the firm asked count, too.
        more = increases_from(line, since=self._request(payload).requested_on) if line else NOTHING
        return Decimal(payload["limit"]) + more

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        card = self._card(payload)
        terms = payload["terms"] or offer_of(card.plan, on=on).terms
        refuse_grant(self._request(payload), card, limit=Decimal(payload["limit"]), terms=terms, on=on)

    def describe(self, payload: Payload) -> Description:
        request, card = self._request(payload), self._card(payload)
        terms = rule_in_words(payload["terms"]) if payload["terms"] else _("the terms of the card")
        facts = {"member": str(card.member), "limit": money(Decimal(payload["limit"])), "terms": terms}
        asked = "–" if request.limit is None else money(request.limit)
        line = line_of(card)
        return Description(_("Grant member %(member)s credit of %(limit)s CNY, %(terms)s.") % facts, (
            (_("Limit (CNY)"), facts["limit"]), (_("Requested (CNY)"), asked), (_("Terms"), terms),
            (_("Card"), str(card.plan)), (_("Owed now (CNY)"), money(line.open_amount) if line else "–"),
            (_("Next review"), payload["review_on"] or "–"),
        ))

    def subject(self, payload: Payload) -> Model | None:
        return self._request(payload)

    def lock(self, payload: Payload) -> None:
        lock_member(self._request(payload).member_id)

    def seen(self, payload: Payload) -> str:
        request, line = self._request(payload), line_of(self._card(payload))
        return fingerprint(request.state, request.limit, request.term_days, line and _seen(line))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        decision = grant_request(
            self._request(payload), self._card(payload), limit=Decimal(payload["limit"]), terms=payload["terms"],
            review_on=_day(payload["review_on"]), facts=payload["facts"], on=on, at=at, actor=actor, reason=reason,
            checker=checker, approval=self.approval_of(checker),
        )
        return Outcome(_("The credit is granted."), {"decision": decision.pk})

    @staticmethod
    def _request(payload: Payload) -> CreditRequest:
        return CreditRequest.objects.select_related("member").get(pk=payload["request"])

    @staticmethod
    def _card(payload: Payload) -> Subscription:
        return Subscription.objects.select_related("plan", "member").get(pk=payload["card"])


class LineAction(CreditAction):
    """Something that raises what a line may owe; its page shows the request."""

    permission = "credit.decide_credit"
    has_limits = False

    def measures(self, payload: Payload) -> list[Measure]:
        return [Measure(GRANT_CREDIT, self.amount(payload), self.unit)]

    def subject(self, payload: Payload) -> Model | None:
        return self.line(payload)

    def lock(self, payload: Payload) -> None:
        lock_line(payload["line"])

    def seen(self, payload: Payload) -> str:
        return _seen(self.line(payload))

    @staticmethod
    def line(payload: Payload) -> CreditLine:
        return CreditLine.objects.select_related("member", "subscription__plan").get(pk=payload["line"])


class ChangeLine(LineAction):
    """Payload: {"line", "limit": or null, "terms": or null, "starts_on"}.

    Other terms are weighed like more, unless by them no invoice of any day is due later.
    """

    name = "change_credit_line"
    label = gettext_lazy("change a credit line")

    @staticmethod
    def payload_of(
        line: CreditLine, *, limit: Decimal | None, terms: dict[str, Any] | None, starts_on: date
    ) -> dict[str, Any]:
        """What another limit or other terms from a day on are."""
        return {
            "line": line.pk, "limit": None if limit is None else str(limit), "terms": terms,
            "starts_on": starts_on.isoformat(),
        }

    def amount(self, payload: Payload) -> Decimal | None:
        line, wanted = self.line(payload), _wanted(payload)
        there = version_on(line, on=wanted["starts_on"])
        limit, terms = wanted["limit"], wanted["terms"]
        is_raised = limit is not None and limit > there.limit
        is_longer = terms is not None and is_later(terms, there.terms)
        after = there.limit if limit is None else limit
        return after + increases_from(line, since=wanted["starts_on"]) if is_raised or is_longer else NOTHING

    def measures(self, payload: Payload) -> list[Measure]:
        # Terms that are none have no amount: the service says what is wrong with them.
        refuse_change(self.line(payload), **_wanted(payload), on=_wanted(payload)["starts_on"])
        return super().measures(payload)

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_change(self.line(payload), **_wanted(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        line, wanted = self.line(payload), _wanted(payload)
        there = version_on(line, on=wanted["starts_on"])
        limit = there.limit if wanted["limit"] is None else wanted["limit"]
        facts = {
            "member": line.member, "old": money(there.limit), "new": money(limit), "day": payload["starts_on"],
            "was": rule_in_words(there.terms), "terms": rule_in_words(wanted["terms"] or there.terms),
        }
        words = _("Credit line of member %(member)s from %(day)s: %(old)s → %(new)s CNY, %(terms)s.")
        return Description(words % facts, (
            (_("Limit (CNY)"), facts["new"]), (_("Before (CNY)"), facts["old"]), (_("Terms"), facts["terms"]),
            (_("Terms before"), facts["was"]), (_("Owed now (CNY)"), money(line.open_amount)),
        ))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        version = change_line(
            self.line(payload), **_wanted(payload), on=on, at=at, actor=actor, reason=reason, checker=checker,
            approval=self.approval_of(checker),
        )
        words = _("From %(day)s the limit is %(limit)s CNY.")
        return Outcome(words % {"day": version.starts_on, "limit": money(version.limit)}, {"version": version.pk})


class RaiseForATime(LineAction):
    """Payload: {"line", "amount", "starts_on", "ends_on", "key"}; weighed by the limit with all increases."""

    name = "raise_credit_line"
    label = gettext_lazy("raise a credit line for a time")

    @staticmethod
    def payload_of(line: CreditLine, *, amount: Decimal, starts_on: date, ends_on: date, key: str) -> dict[str, Any]:
        """What so much more from a day to a day is."""
        days = {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}
        return {"line": line.pk, "amount": str(amount), "key": key, **days}

    def amount(self, payload: Payload) -> Decimal | None:
        line, wanted = self.line(payload), _increase(payload)
        # A repeat is no further increase.
        there = line.increases.filter(key=payload["key"], ends_on__gte=wanted["starts_on"]).first()
        days = {"starts_on": wanted["starts_on"], "ends_on": max(wanted["starts_on"], wanted["ends_on"])}
        return highest_limit(line, **days) + (NOTHING if there else wanted["amount"])

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_increase(self.line(payload), **_increase(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        line, wanted = self.line(payload), _increase(payload)
        facts = {
            "member": line.member, "amount": money(wanted["amount"]), "first": payload["starts_on"],
            "last": payload["ends_on"],
        }
        words = _("Raise the credit line of member %(member)s by %(amount)s CNY from %(first)s to %(last)s.")
        limit = money(limit_on(line, on=wanted["starts_on"]))
        return Description(words % facts, (
            (_("Increase (CNY)"), facts["amount"]), (_("Limit (CNY)"), limit),
            (_("Owed now (CNY)"), money(line.open_amount)), (_("Until"), facts["last"]),
        ))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        increase = raise_for_a_time(
            self.line(payload), **_increase(payload), key=payload["key"], on=on, at=at, actor=actor, reason=reason,
            checker=checker, approval=self.approval_of(checker),
        )
        words = _("The credit line is raised until %(day)s.") % {"day": increase.ends_on}
        return Outcome(words, {"increase": increase.pk})


class ExcludeRule(LineAction):
    """Payload: {"line", "rule", "starts_on", "ends_on"}; weighed by what the line may owe meanwhile."""

    name = "exclude_blocking_rule"
    label = gettext_lazy("exclude a line from a blocking rule")

    @staticmethod
    def payload_of(line: CreditLine, rule: str, *, starts_on: date, ends_on: date) -> dict[str, Any]:
        """What letting a rule not stop a line from a day to a day is."""
        return {"line": line.pk, "rule": rule, "starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat()}

    def amount(self, payload: Payload) -> Decimal | None:
        return highest_limit(self.line(payload), **_days(payload))

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_exclusion(self.line(payload), payload["rule"], **_days(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        line = self.line(payload)
        facts = {
            "rule": payload["rule"], "member": line.member, "first": payload["starts_on"], "last": payload["ends_on"]
        }
        words = _("Blocking rule “%(rule)s” does not stop draws of member %(member)s from %(first)s to %(last)s.")
        return Description(words % facts, (
            (_("Blocking rule"), payload["rule"]), (_("Until"), facts["last"]),
            (_("Overdue (CNY)"), money(line.overdue_amount)), (_("Owed now (CNY)"), money(line.open_amount)),
        ))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        exclusion = exclude_rule(
            self.line(payload), payload["rule"], **_days(payload), on=on, at=at, actor=actor, reason=reason,
            checker=checker, approval=self.approval_of(checker),
        )
        words = _("The rule does not stop this line until %(day)s.") % {"day": exclusion.ends_on}
        return Outcome(words, {"exclusion": exclusion.pk})


class ReleaseLine(LineAction):
    """Draws on a line that were stopped go on. Payload: {"line", "seen_on"}.

    Weighed by the most that the line may owe on any day from then on; where nothing was stopped, by nothing.
    """

    @staticmethod
    def payload_of(line: CreditLine, *, on: date) -> dict[str, Any]:
        """What letting draws go on is, as it was seen on a day."""
        return {"line": line.pk, "seen_on": on.isoformat()}

    def amount(self, payload: Payload) -> Decimal | None:
        line = self.line(payload)
        return self._highest(line, payload) if self.stopped_on(line) else NOTHING

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_closed(self.line(payload))

    def stopped_on(self, line: CreditLine) -> date | None:
        """Since when nothing was drawn; None: it was not stopped."""
        raise NotImplementedError

    def figures(self, payload: Payload) -> tuple[tuple[str, str], ...]:
        """What may be owed and is owed."""
        line = self.line(payload)
        return (
            (_("Limit (CNY)"), money(self._highest(line, payload))), (_("Owed now (CNY)"), money(line.open_amount)),
            (_("Overdue (CNY)"), money(line.overdue_amount)), (_("No draws since"), str(self.stopped_on(line) or "–")),
        )

    @staticmethod
    def _highest(line: CreditLine, payload: Payload) -> Decimal:
        return highest_limit(line, starts_on=date.fromisoformat(payload["seen_on"]), ends_on=date.max)


class ResumeLine(ReleaseLine):
    """A suspension is lifted."""

    name = "resume_credit_line"
    label = gettext_lazy("lift the suspension of a credit line")
    permission = "credit.suspend_creditline"

    def stopped_on(self, line: CreditLine) -> date | None:
        return line.suspended_on

    def seen(self, payload: Payload) -> str:
        return fingerprint(super().seen(payload), self.line(payload).suspended_on)

    def describe(self, payload: Payload) -> Description:
        line = self.line(payload)
        words = _("Lift the suspension of the credit line of member %(member)s: it may be drawn on again.")
        return Description(
            words % {"member": line.member}, (*self.figures(payload), (_("Suspended because"), line.suspension_reason))
        )

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        line = resume_line(
            self.line(payload), on=on, actor=actor, reason=reason, checker=checker, approval=self.approval_of(checker)
        )
        return Outcome(_("The line may be drawn on again."), {"line": line.pk})


class KeepLine(ReleaseLine):
    """A line is not closed after all: with a card it has its limit again."""

    name = "keep_credit_line"
    label = gettext_lazy("keep a credit line that was to be closed")

    def stopped_on(self, line: CreditLine) -> date | None:
        return line.closing_on

    def describe(self, payload: Payload) -> Description:
        words = _("Keep the credit line of member %(member)s, which was to be closed.")
        return Description(words % {"member": self.line(payload).member}, self.figures(payload))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        line = keep_line(
            self.line(payload), on=on, actor=actor, reason=reason, checker=checker, approval=self.approval_of(checker)
        )
        return Outcome(_("The line stays."), {"line": line.pk})


LINE_ACTIONS = (GrantCredit, ChangeLine, RaiseForATime, ExcludeRule, ResumeLine, KeepLine)


def _seen(line: CreditLine) -> str:
    """What a decision about a line rests on: its versions and increases, and whether it may be drawn on."""
    return fingerprint(
        line.state, line.closing_on, line.subscription_id,
        list(line.versions.order_by("number").values_list("number", flat=True)),
        list(line.increases.order_by("pk").values_list("pk", "ends_on")),
    )


def _wanted(payload: Payload) -> dict[str, Any]:
    limit = payload["limit"]
    return {
        "limit": None if limit is None else Decimal(limit), "terms": payload["terms"],
        "starts_on": date.fromisoformat(payload["starts_on"]),
    }


def _increase(payload: Payload) -> dict[str, Any]:
    return {"amount": Decimal(payload["amount"]), **_days(payload)}


def _days(payload: Payload) -> dict[str, date]:
    return {name: date.fromisoformat(payload[name]) for name in ("starts_on", "ends_on")}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
