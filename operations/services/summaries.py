"""What the items of a dry run add up to; kept with the run when it ends, so that the figures outlive the items."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from operations.models import JobRun, RunItem


@dataclass(frozen=True)
class Figures:
    """How many items, and what they add up to (None where they have no amount)."""

    items: int
    amount: Decimal | None


@dataclass(frozen=True)
class Summary:
    """All items of a dry run, the different members among them, and the items by kind."""

    items: int
    owners: int
    amount: Decimal | None
    kinds: dict[str, Figures]

    def as_json(self) -> dict[str, Any]:
        """The same as JSON: amounts as text, to the cent."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_json(cls, known: dict[str, Any]) -> "Summary":
        kinds = {kind: Figures(each["items"], _amount(each["amount"])) for kind, each in known["kinds"].items()}
        return cls(known["items"], known["owners"], _amount(known["amount"]), kinds)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return str(value) if isinstance(value, Decimal) else value


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def count_items(run: JobRun) -> Summary:
    """Count the items of a dry run. Reads all of them."""
    items = RunItem.objects.filter(run=run)
    kinds = {
        found["kind"]: Figures(found["items"], found["total"])
        for found in items.values("kind").annotate(items=Count("pk"), total=Sum("amount")).order_by("kind")
    }
    amounts = [each.amount for each in kinds.values() if each.amount is not None]
    return Summary(
        items=sum(each.items for each in kinds.values()),
        owners=items.aggregate(owners=Count("owner", distinct=True))["owners"],
        amount=sum(amounts, Decimal(0)) if amounts else None,
        kinds=kinds,
    )
