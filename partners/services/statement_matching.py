"""Lines of a statement against what may be billed, in memory: verdicts, differences, and sums of what matches."""

from collections.abc import Callable
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
#: Of a kind of what may be billed. `is_use`: a use, and no fulfilment.
KINDS: dict[str, DataTypeClass | pl.DataType] = {
    "kind": pl.UInt32, "is_use": pl.Boolean, "offer_id": pl.Int64, "units": pl.Int64, "expected_state": pl.String,
    "ended_later": pl.Boolean, "is_prepaid": pl.Boolean, "unit_cost": MONEY, "expected": MONEY,
}


@dataclass(frozen=True)
class Billed:
    """What may be billed: `keys` (key, kind), a row for each, and `kinds` (KINDS), a few rows, that say what it is."""

    keys: pl.DataFrame
    kinds: pl.DataFrame


@dataclass(frozen=True)
class Matching:
    """What came of it. `differing` has the columns of StatementLine; the lines of others are counted among them."""

    counts: dict[str, int]
    matched: list[dict[str, Any]]
    differing: pl.DataFrame
    of_others: int
    of_other_months: int


def match(partner: Partner, billed: Billed, lines: pl.DataFrame) -> Matching:
    """Match the lines of a file (importers/statements.py) with what may be billed for its month."""
    both = join_keys(lines.select("line", "state", "amount", _key(partner, lines).alias("key")), billed.keys)
    is_matched = _is_matched(both, billed.kinds)
    same = both.select("kind").filter(is_matched)
    # The wide columns, and the words, for the few that need them.
    different = both.filter(~is_matched).join(billed.kinds, on="kind", how="left").join(
        lines.select("line", "order", "reference", "sku"), on="line", how="left"
    ).with_columns(_verdict().alias("verdict")).filter(pl.col("verdict").is_not_null())
    differing, of_others, of_other_months = _look_up(partner, different)
    counts = dict.fromkeys(Verdict.values, 0) | {Verdict.MATCHED.value: same.height}
    counts |= dict(differing.group_by("verdict").len().iter_rows())
    return Matching(counts, _sums(same, billed.kinds), differing, of_others, of_other_months)


def find_billed(partner: Partner, month: date) -> Billed:
    """What the partner may bill, with unit cost and amount by its offer."""
    found = rows("statements/expected", partner=partner.pk, month=month)
    offers = {offer.pk: offer for offer in Offer.objects.filter(partner=partner)}
    kinds, keys = [], [pl.DataFrame(schema={"key": pl.String, "kind": pl.UInt32})]
    for kind, (is_use, offer_id, units, state, ended_later, text) in enumerate(found):
        offer = offers[offer_id]
        owed = offer.unit_cost * units * (state != "returned")
        is_prepaid = offer.settled == Offer.Settled.PREPAID
        kinds.append((kind, is_use, offer_id, units, state, ended_later, is_prepaid, offer.unit_cost, owed))
        read = pl.read_csv(text.encode(), schema={"key": pl.String}, has_header=False)
        keys.append(read.with_columns(pl.lit(kind, pl.UInt32).alias("kind")))
    return Billed(pl.concat(keys), pl.DataFrame(kinds, schema=KINDS, orient="row"))


def join_keys(
    lines: pl.DataFrame, keys: pl.DataFrame, hashed: Callable[[pl.Expr], pl.Expr] = pl.Expr.hash
) -> pl.DataFrame:
    """One row a line, with whether it `is_first` of its order in the file, and one row for what has no line.

    Joined by the keys' hashes, which is faster; should two keys share one, by the keys themselves.
    """
    by = hashed(pl.col("key")).alias("by")
    numbered = lines.with_columns(by)
    both = _join_by(numbered, keys.with_columns(by))
    if not _share_hashes(numbered, both):
        return both
    return _join_by(lines.with_columns(by="key"), keys.with_columns(by="key"))


def _join_by(lines: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    lines = lines.with_columns(pl.col("by").is_first_distinct().alias("is_first"))
    return lines.join(keys, on="by", how="full", coalesce=True, suffix="_billed")


def _share_hashes(lines: pl.DataFrame, both: pl.DataFrame) -> bool:
    """Whether a hash brought together what has different keys: a line and what is billed, or two lines."""
    if both.select((pl.col("key") != pl.col("key_billed")).any()).item():
        return True
    repeated = lines.join(both.filter(~pl.col("is_first")).select("by"), on="by", how="semi")
    return repeated["by"].n_unique() != repeated["key"].n_unique()


def _key(partner: Partner, lines: pl.DataFrame) -> pl.Series:
    """The keys by which we know the lines."""
    key, prefix = pl.col("order"), len(f"use:{partner.pk}:")
    if lines.select((key.str.len_chars() + prefix > KEY_LENGTH).any()).item():
        # As events/usages.py keeps the long ones.
        hashed = key.map_elements(lambda order: sha256(order.encode()).hexdigest()[:32], return_dtype=pl.String)
        key = pl.when(key.str.len_chars() + prefix > KEY_LENGTH).then(hashed).otherwise(key)
    return lines.select(key).to_series()


def _is_matched(both: pl.DataFrame, kinds: pl.DataFrame) -> pl.Series:
    """Whether a row is a line that is billed once, with its amount and state."""
    judged = both.select("is_first", "amount", "state").with_columns(
        # A kind's number is its place.
        kinds[name].gather(both["kind"]) for name in ("expected", "expected_state", "ended_later")
    )
    # Ours now, or at the month's end; a blank one says nothing.
    is_same_state = (
        pl.col("state").is_null() | (pl.col("state") == pl.col("expected_state"))
        | (pl.col("ended_later") & pl.col("state").is_in(["active", "suspended"]))
    )
    is_matched = pl.col("is_first") & (pl.col("amount") == pl.col("expected")) & is_same_state
    return judged.select(is_matched.fill_null(False).alias("is_matched")).to_series()


def _verdict() -> pl.Expr:
    """The verdict of a row that is not matched; null: nothing that is billed, and rightly so."""
    is_owed = ~pl.col("is_prepaid") & (pl.col("expected") > 0)
    return (
        pl.when(pl.col("line").is_null()).then(pl.when(is_owed).then(pl.lit(Verdict.MISSING_THERE.value)))
        .when(~pl.col("is_first")).then(pl.lit(Verdict.DUPLICATE.value))
        .when(pl.col("offer_id").is_null()).then(pl.lit(Verdict.MISSING_HERE.value))
        .when(pl.col("amount") != pl.col("expected")).then(pl.lit(Verdict.AMOUNT_DIFFERS.value))
        .otherwise(pl.lit(Verdict.STATE_DIFFERS.value))
    )


def _sums(same: pl.DataFrame, kinds: pl.DataFrame) -> list[dict[str, Any]]:
    """Units and amount of what matches, by offer and unit cost."""
    counted = same.group_by("kind").len("lines").join(kinds, on="kind").with_columns(pl.col("lines").cast(pl.Int64))
    found = counted.group_by("offer_id", "unit_cost").agg(
        (pl.col("units") * pl.col("lines")).sum(), (pl.col("expected") * pl.col("lines")).cast(MONEY).sum()
    )
    return [
        {"offer": offer, "unit_cost": str(cost), "units": units, "amount": str(amount)}
        for offer, cost, units, amount in found.sort("offer_id", "unit_cost").iter_rows()
    ]


def _look_up(partner: Partner, differing: pl.DataFrame) -> tuple[pl.DataFrame, int, int]:
    """The differing rows with what is known elsewhere; how many are other partners', and of other months.

    A line that is billed twice is owed once; a fulfilment, or a use, of another month is known, and owes nothing in
    this one.
    """
    differing = differing.with_columns(order=pl.coalesce("order", "key_billed"))
    missing = set(differing.filter(pl.col("verdict") == Verdict.MISSING_HERE)["order"])
    sought = differing.filter(~pl.col("is_use").fill_null(False))["order"].to_list()
    known = {row[0]: row[1:] for row in (rows("statements/known", keys=sought) if sought else [])}
    ours = {key: facts for key, facts in known.items() if facts[2] == partner.pk}
    there, uses = _known_fulfilments(ours), _known_uses(partner, missing - ours.keys())
    by_sku = dict(Offer.objects.filter(partner=partner).order_by("starts_on").values_list("sku", "pk"))
    is_known = pl.col("fulfilment_id").is_not_null() | pl.col("use_state").is_not_null()
    is_elsewhere = is_known & (pl.col("verdict") == Verdict.MISSING_HERE)
    nothing = pl.lit(0).cast(MONEY)
    found = differing.join(there, on="order", how="left").join(uses, on="order", how="left").with_columns(
        offer_id=pl.coalesce(
            "offer_id", "its_offer", "use_offer",
            pl.col("sku").replace_strict(by_sku, default=None, return_dtype=pl.Int64),
        ),
        expected=pl.when(is_elsewhere | (pl.col("verdict") == Verdict.DUPLICATE)).then(nothing).otherwise("expected"),
        expected_state=pl.coalesce("expected_state", "its_state", "use_state"),
        verdict=pl.when(is_elsewhere).then(pl.lit(Verdict.AMOUNT_DIFFERS.value)).otherwise("verdict"),
    )
    # In the file's order, what it lacks at the end.
    found = found.sort("line", "order", nulls_last=True)
    return found, len(known) - len(ours), len(missing & ours.keys()) + uses.height


def _known_fulfilments(ours: dict[str, tuple[Any, ...]]) -> pl.DataFrame:
    """Of what is known by its key: `order`, `fulfilment_id`, `its_offer`, `its_state`."""
    schema = {"order": pl.String, "fulfilment_id": pl.Int64, "its_offer": pl.Int64, "its_state": pl.String}
    found = [(key, fulfilment, offer, state) for key, (fulfilment, offer, _partner, state) in ours.items()]
    return pl.DataFrame(found, schema=schema, orient="row")


def _known_uses(partner: Partner, numbers: set[str]) -> pl.DataFrame:
    """Of these numbers of the partner, those of uses that are known: `order`, `use_offer`, `use_state`."""
    found = rows("statements/known_uses", partner=partner.pk, keys=list(numbers)) if numbers else []
    schema = {"order": pl.String, "use_offer": pl.Int64, "use_state": pl.String}
    return pl.DataFrame(found, schema=schema, orient="row")
