"""Lines of a statement against what may be billed, in memory: verdicts, differences, and sums of what matches."""

import io
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import polars as pl
from polars.datatypes import DataTypeClass

from partners.models import Offer, Partner, StatementLine
from partners.services.statements import rows

Verdict = StatementLine.Verdict
#: As long as a redemption's key: events/usages.py, which stands above, hashes longer numbers of uses.
KEY_LENGTH = 64
MONEY = pl.Decimal(18, 4)
BILLED: dict[str, DataTypeClass | pl.DataType] = {
    "key": pl.String, "fulfilment_id": pl.Int64, "offer_id": pl.Int64, "units": pl.Int64,
    "expected_state": pl.String, "ended_later": pl.String,
}
OFFERED: dict[str, DataTypeClass | pl.DataType] = {"is_prepaid": pl.Boolean, "unit_cost": MONEY, "expected": MONEY}


@dataclass(frozen=True)
class Matching:
    """What came of it. `differing` has the columns of StatementLine; the lines of others are counted among them."""

    counts: dict[str, int]
    matched: list[dict[str, Any]]
    differing: pl.DataFrame
    of_others: int
    of_other_months: int


def match(partner: Partner, billed: pl.DataFrame, lines: pl.DataFrame) -> Matching:
    """Match the lines of a file (importers/statements.py) with what may be billed for its month."""
    # One row a line, and one for what has none.
    both = _with_keys(partner, lines).join(billed, on="key", how="full", coalesce=True)
    both = both.with_columns(_verdict().alias("verdict")).filter(pl.col("verdict").is_not_null())
    is_matched = pl.col("verdict") == Verdict.MATCHED
    differing, of_others, of_other_months = _look_up(partner, both.filter(~is_matched))
    same = both.filter(is_matched)
    counts = dict.fromkeys(Verdict.values, 0) | {Verdict.MATCHED.value: same.height}
    counts |= dict(differing.group_by("verdict").len().iter_rows())
    return Matching(counts, _sums(same), differing, of_others, of_other_months)


def find_billed(partner: Partner, month: date) -> pl.DataFrame:
    """What the partner may bill, with unit cost and amount by its offer."""
    found = [lines for (lines,) in rows("statements/expected", partner=partner.pk, month=month)]
    if not found:
        return pl.DataFrame(schema=BILLED | OFFERED)
    text = "\n".join(found).encode()
    billed = pl.read_csv(io.BytesIO(text), schema=BILLED, has_header=False)
    offers = [
        (offer.pk, offer.settled == Offer.Settled.PREPAID, offer.unit_cost)
        for offer in Offer.objects.filter(partner=partner)
    ]
    columns = {"offer_id": pl.Int64(), "is_prepaid": pl.Boolean(), "unit_cost": MONEY}
    known = pl.DataFrame(offers, schema=columns, orient="row")
    amount = pl.col("unit_cost") * pl.col("units") * (pl.col("expected_state") != "returned").cast(pl.Int64)
    return billed.join(known, on="offer_id", how="left").with_columns(amount.cast(MONEY).alias("expected"))


def _with_keys(partner: Partner, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with the key by which we know them, and whether the order was there before in the file."""
    key, prefix = pl.col("order"), len(f"use:{partner.pk}:")
    if lines.select((key.str.len_chars() + prefix > KEY_LENGTH).any()).item():
        # As events/usages.py keeps the long ones.
        hashed = key.map_elements(lambda order: sha256(order.encode()).hexdigest()[:32], return_dtype=pl.String)
        key = pl.when(key.str.len_chars() + prefix > KEY_LENGTH).then(hashed).otherwise(key)
    return lines.with_columns(key.alias("key")).with_columns(pl.col("key").is_first_distinct().alias("is_first"))


def _verdict() -> pl.Expr:
    """The verdict of a row; null: nothing that is billed, and rightly so."""
    is_same_state = (
        pl.col("state").is_null() | (pl.col("state") == pl.col("expected_state"))
        | ((pl.col("ended_later") == "t") & pl.col("state").is_in(["active", "suspended"]))
    )
    is_owed = ~pl.col("is_prepaid") & (pl.col("expected") > 0)
    return (
        pl.when(pl.col("line").is_null()).then(pl.when(is_owed).then(pl.lit(Verdict.MISSING_THERE.value)))
        .when(~pl.col("is_first")).then(pl.lit(Verdict.DUPLICATE.value))
        .when(pl.col("offer_id").is_null()).then(pl.lit(Verdict.MISSING_HERE.value))
        .when(pl.col("amount") != pl.col("expected")).then(pl.lit(Verdict.AMOUNT_DIFFERS.value))
        .when(~is_same_state).then(pl.lit(Verdict.STATE_DIFFERS.value))
        .otherwise(pl.lit(Verdict.MATCHED.value))
    )


def _sums(same: pl.DataFrame) -> list[dict[str, Any]]:
    """Units and amount of what matches, by offer and unit cost."""
    found = same.group_by("offer_id", "unit_cost").agg(pl.col("units").sum(), pl.col("expected").sum())
    return [
        {"offer": offer, "unit_cost": str(cost), "units": units, "amount": str(amount)}
        for offer, cost, units, amount in found.sort("offer_id", "unit_cost").iter_rows()
    ]


def _look_up(partner: Partner, differing: pl.DataFrame) -> tuple[pl.DataFrame, int, int]:
    """The differing rows with what is known elsewhere; how many are other partners', and of other months.

    A line that is billed twice is owed once; a fulfilment of another month is known, and owes nothing in this one.
    """
    missing = differing.filter(pl.col("verdict") == Verdict.MISSING_HERE)["order"].to_list()
    known = {row[0]: row[1:] for row in (rows("statements/known", keys=missing) if missing else [])}
    ours = {key: facts for key, facts in known.items() if facts[2] == partner.pk}
    there = pl.DataFrame(
        [(key, fulfilment, offer, state) for key, (fulfilment, offer, _partner, state) in ours.items()],
        schema={"order": pl.String, "its_id": pl.Int64, "its_offer": pl.Int64, "its_state": pl.String}, orient="row",
    )
    by_sku = dict(Offer.objects.filter(partner=partner).order_by("starts_on").values_list("sku", "pk"))
    is_elsewhere = pl.col("its_id").is_not_null() & (pl.col("verdict") == Verdict.MISSING_HERE)
    nothing = pl.lit(0).cast(MONEY)
    found = differing.join(there, on="order", how="left").with_columns(
        order=pl.coalesce("order", "key"),
        fulfilment_id=pl.coalesce("fulfilment_id", "its_id"),
        offer_id=pl.coalesce(
            "offer_id", "its_offer", pl.col("sku").replace_strict(by_sku, default=None, return_dtype=pl.Int64)
        ),
        expected=pl.when(is_elsewhere | (pl.col("verdict") == Verdict.DUPLICATE)).then(nothing).otherwise("expected"),
        expected_state=pl.coalesce("expected_state", "its_state"),
        verdict=pl.when(is_elsewhere).then(pl.lit(Verdict.AMOUNT_DIFFERS.value)).otherwise("verdict"),
    )
    # In the file's order, what it lacks at the end.
    return found.sort("line", "order", nulls_last=True), len(known) - len(ours), len(ours)
