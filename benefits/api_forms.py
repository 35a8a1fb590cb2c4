"""What the members' side of benefits takes and gives over HTTP (api.py): JSON bodies, and what a field may hold."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from ninja import Field, Path, Schema
from pydantic import StringConstraints

from operations.api.fields import Amount, Code, Count, Day, Text200

MemberNumber = Annotated[
    str, Path(..., pattern=r"^[0-9]{11,19}$", description="The member number, with its check digit.")
]
Category = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Number48 = Annotated[str, StringConstraints(max_length=48, pattern=r"^[!-~]*$")]
OrderNumber = Annotated[str, StringConstraints(max_length=48, pattern=r"^[!-~]+$")]
GrantKey = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]


class BenefitName(Schema):
    """A benefit, or a choice group, of a programme."""

    programme: Code
    code: Code


class EntitlementOut(Schema):
    """One line of what a member is entitled to. `left` null: without limit. `next_on`: when there is more."""

    programme: str
    benefit: str
    name: str
    kind: str
    category: str
    store: str | None
    is_entitled: bool = Field(description="False: an option of a choice group that was not chosen.")
    is_in_grace: bool
    entitled_by: str
    rule: str
    why: str
    quota: int | None
    used: int
    left: int | None
    next_on: date | None
    points_price: int
    member_price: Decimal
    choice_group: str | None


class OptionOut(Schema):
    benefit: str
    name: str
    is_chosen: bool
    is_default: bool
    may_choose: bool
    may_swap: bool


class ChoiceStateOut(Schema):
    """A choice group for a member: what is theirs and what may still be done."""

    programme: str
    group: str
    name: str
    choosable_until: date | None
    free: int
    swaps_left: int
    options: list[OptionOut]


class Choosing(Schema):
    """Take options of a group; all of them or none."""

    group: BenefitName
    take: list[Code] = Field(min_length=1, max_length=50)


class Swapping(Schema):
    """Exchange one option for another."""

    group: BenefitName
    put_away: Code
    take: Code


class Redeeming(Schema):
    """Use a benefit. `category`: of the goods; `store`: where a programme has a wallet for each."""

    benefit: BenefitName
    quantity: Count = 1
    category: Category = ""
    region: Category | None = None
    store: Category = ""
    order_number: Number48 = ""
    reason: Text200 = ""


class RedemptionOut(Schema):
    """A use, as it is booked."""

    id: int
    programme: str
    benefit: str
    category: str
    quantity: int
    points: int
    price: Decimal
    on: date
    state: str
    grant: str | None = Field(description="What the member holds of it, by its key.")
    held_until: date | None


class Returning(Schema):
    reason: Text200 = ""


class UsingCoupons(Schema):
    """Use coupons for an order, all of them or none. `coupons`: their keys, as a redemption says them (`grant`)."""

    coupons: list[GrantKey] = Field(min_length=1, max_length=20)
    order_number: OrderNumber


class GivingBackCoupons(Schema):
    order_number: OrderNumber


class CouponOut(Schema):
    """What the member holds, or held. `state`: live, in_grace, used or ended."""

    key: str
    programme: str
    benefit: str
    state: str
    valid_from: date
    valid_until: date | None
    used_on: date | None
    order_number: str


class LineIn(Schema):
    """Goods of one price; `key` names the line."""

    key: Code
    price: Amount
    quantity: Annotated[int, Field(ge=1, le=99_999)] = 1
    category: Category = ""
    is_self_operated: bool = False
    promotion_price: Amount | None = None
    member_price: Amount | None = None


class Quoting(Schema):
    """An order to be priced. `coupons`: the keys of those to be used, null: the best of all that are held."""

    programme: Code
    on: Day | None = Field(None, description="The day of the order; null: today.")
    lines: list[LineIn] = Field(min_length=1, max_length=200)
    freight: Amount = Decimal(0)
    return_freight: Amount = Decimal(0)
    delivery: Code = "standard"
    coupons: list[GrantKey] | None = Field(None, max_length=20)


class StepOut(Schema):
    """What one step took off (negative), and what is to be paid after it."""

    kind: str
    label: str
    amount: Decimal
    after: Decimal
    note: str


class QuoteOut(Schema):
    policy: str
    on: date
    steps: list[StepOut]
    payable: Decimal
    return_freight: Decimal
    considered: list[str] = Field(description="What did not apply, and why.")


class SavingIn(Schema):
    """So much (CNY) a benefit of the programme took off the order."""

    benefit: Code
    amount: Annotated[Amount, Field(gt=0)]


class TellingSavings(Schema):
    """What benefits took off an order, as the shop reckoned it. `ordered_on` null: today."""

    programme: Code
    order_number: OrderNumber
    ordered_on: Day | None = None
    saved: list[SavingIn] = Field(min_length=1, max_length=50)


class QuotingSavings(Quoting):
    """An order that was placed: its price is reckoned for its day, and what benefits took off it is kept."""

    order_number: OrderNumber


class SavingOut(Schema):
    benefit: str
    amount: Decimal
    order_number: str
    ordered_on: date
