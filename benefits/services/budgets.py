"""Budgets: how much money is set aside for benefits. (It is drawn on by services/redemptions.py and savings.py.)

A brand's commitment is a budget, too: its campaigns' budgets are reserved from it, so that what campaigns may spend
together is never more than what the brand committed. Locks: the commitment first, then the campaign's budget.
A budget's amount is never below what is spent and reserved. Every change stands in the audit trail with its reason, and
what is committed, reserved and released in the ledger besides.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from benefits.errors import BudgetError, BudgetExceededError
from benefits.models import Brand, Budget, BudgetEntry
from memberships.models import Programme
from operations.audit import because
from operations.models import User

Kind = BudgetEntry.Kind
#: Of approvals: changing how much is set aside (benefits/budget_approvals.py).
SET_BUDGET = "set_budget"


def commit_budget(
    programme: Programme, brand: Brand, amount: Decimal, *, starts_on: date, on: date, at: datetime,
    actor: User | None, reason: str,
) -> Budget:
    """What a brand commits to a programme, in CNY above 0. Once committed it is changed by `set_amount`.

    Raises BudgetError when the brand has a commitment there already.
    """
    (budget,) = commit_budgets(
        programme, {brand: amount}, starts_on=starts_on, on=on, at=at, actor=actor, reason=reason
    )
    return budget


@transaction.atomic
def commit_budgets(
    programme: Programme, amounts: Mapping[Brand, Decimal], *, starts_on: date, on: date, at: datetime,
    actor: User | None, reason: str,
) -> list[Budget]:
    """What many brands commit, as `commit_budget` has it of one; locks the programme."""
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    known = Budget.objects.filter(programme=programme, brand__in=list(amounts)).select_related("brand").first()
    if known is not None:
        raise BudgetError(
            _("“%(brand)s” has a commitment to “%(programme)s” already.")
            % {"brand": known.brand, "programme": programme}
        )
    with because(reason, actor=actor):
        # A file's codes have no colon.
        budgets = Budget.objects.bulk_create(
            Budget(
                programme=programme, brand=brand, code=f"brand:{brand.code}", name=brand.name, name_en=brand.name_en,
                amount=amount, starts_on=starts_on,
            )
            for brand, amount in amounts.items()
        )
    BudgetEntry.objects.bulk_create(
        BudgetEntry(
            budget=budget, key=f"{Kind.COMMIT}:1", kind=Kind.COMMIT, amount=budget.amount, on=on, at=at, actor=actor,
            reason=reason[:200],
        )
        for budget in budgets
    )
    return budgets


@transaction.atomic
def set_amount(
    budget: Budget, amount: Decimal, *, on: date, at: datetime, actor: User | None, reason: str
) -> Budget:
    """Raise or lower what is set aside, in CNY. Setting the same again changes nothing. Raises BudgetError.

    Of a campaign's budget the difference is reserved from, or released to, what its brand committed.
    """
    commitment, locked = lock_budget(budget)
    more = amount - locked.amount
    if amount < locked.spent + locked.reserved:
        words = (
            _("“%(budget)s” cannot be %(amount)s CNY: %(taken)s CNY are reserved.") if locked.brand_id
            else _("“%(budget)s” cannot be %(amount)s CNY: %(taken)s CNY are spent.")
        )
        raise BudgetError(words % {"budget": locked, "amount": amount, "taken": locked.spent + locked.reserved})
    if not more:
        return locked
    with because(reason, actor=actor):
        if commitment is not None:
            reserve_part(commitment, locked, more, on=on, at=at, actor=actor, reason=reason)
        locked.amount = amount
        locked.save(update_fields=["amount"])
    if locked.brand_id:
        _note(locked, Kind.ADJUST, more, on=on, at=at, actor=actor, reason=reason)
    return locked


@transaction.atomic
def set_days(
    budget: Budget, *, starts_on: date, ends_on: date | None, actor: User | None, reason: str
) -> Budget:
    """Say on which days it may be drawn on, first and last included; what was drawn stays. Raises BudgetError."""
    _commitment, locked = lock_budget(budget)
    if ends_on is not None and ends_on < starts_on:
        raise BudgetError(
            _("“%(budget)s” cannot end on %(end)s, before it begins on %(start)s.")
            % {"budget": locked, "end": ends_on, "start": starts_on}
        )
    locked.starts_on, locked.ends_on = starts_on, ends_on
    with because(reason, actor=actor):
        locked.save(update_fields=["starts_on", "ends_on"])
    return locked


def reserve_part(
    commitment: Budget, part: Budget, amount: Decimal, *, on: date, at: datetime, actor: User | None, reason: str
) -> None:
    """Reserve so much (negative: release it) of a commitment for a campaign's budget; both are locked.

    Raises BudgetError when the brand did not commit as much.
    """
    if amount > commitment.left:
        figures = {
            "budget": commitment, "left": number_format(commitment.left, decimal_pos=2),
            "asked": number_format(amount, decimal_pos=2), "part": part,
        }
        raise BudgetError(
            _("Of what “%(budget)s” committed %(left)s CNY are free; “%(part)s” takes %(asked)s CNY.") % figures
        )
    commitment.reserved += amount
    commitment.save(update_fields=["reserved"])
    kind = Kind.RESERVE if amount > 0 else Kind.RELEASE
    _note(commitment, kind, amount, on=on, at=at, actor=actor, reason=reason, part=part)


@transaction.atomic
def draw(
    budget: Budget, amount: Decimal, *, key: str, on: date, at: datetime, actor: User | None, reason: str = ""
) -> BudgetEntry:
    """Spend so much of a budget, under a key that is new. (Redemptions draw by sql/redemptions/redeem_benefit.sql.)

    The row says no, however many ask at once. Raises BudgetExceededError.
    """
    days = Q(ends_on=None) | Q(ends_on__gte=on)
    fits = Budget.objects.filter(days, pk=budget.pk, starts_on__lte=on, amount__gte=F("spent") + F("reserved") + amount)
    if not fits.update(spent=F("spent") + amount):
        raise BudgetExceededError(Budget.objects.get(pk=budget.pk), on=on, asked=amount)
    return BudgetEntry.objects.create(
        budget=budget, key=key, kind=Kind.DRAW, amount=amount, on=on, at=at, actor=actor, reason=reason[:200]
    )


def lock_budget(budget: Budget) -> tuple[Budget | None, Budget]:
    """The commitment it is a part of, if any, and the budget: locked, and as they are now."""
    budgets = Budget.objects.select_for_update(no_key=True)
    found = Budget.objects.values_list("part_of", flat=True).get(pk=budget.pk)
    commitment = budgets.get(pk=found) if found else None
    return commitment, budgets.get(pk=budget.pk)


def _note(
    budget: Budget, kind: BudgetEntry.Kind, amount: Decimal, *, on: date, at: datetime, actor: User | None,
    reason: str, part: Budget | None = None,
) -> None:
    """An entry of a commitment, which is locked and has few: what it is, the campaign's budget, a number."""
    number = BudgetEntry.objects.filter(budget=budget).count() + 1
    key = f"{kind}:{part.pk}:{number}" if part else f"{kind}:{number}"
    BudgetEntry.objects.create(
        budget=budget, key=key, kind=kind, amount=amount, on=on, at=at, actor=actor, reason=reason[:200]
    )
