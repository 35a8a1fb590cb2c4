"""A list of firms as a customer would send it: any number of rows, the same for the same seed."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from memberships.demo import BRAND_FIRST, BRAND_SECOND, GIVEN, INDUSTRIES, PLACES, SURNAMES

SEED = 20270115
HEADERS = [
    "企业名称", "统一社会信用代码", "联系人", "手机号", "邮箱", "省份", "城市", "行业", "企业规模", "标签", "会员卡",
    "申请额度", "申请账期", "外部编号", "备注",
]  # fmt: skip
#: GB 32100-2015, as in stdnum.cn.uscc; written out because a million rows are made.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DIGITS = {character: place for place, character in enumerate(ALPHABET)}
WEIGHTS = [pow(3, place, 31) for place in range(17)]
SERIALS = 31**9
#: Has no factor in common with SERIALS, so that every number gets another serial, in no visible order.
STEP = 16_180_339_887_499
SIZES = {"大型": "large", "中型": "medium", "小型": "small", "微型": "micro"}
FLAGS = {"专精特新": "specialised", "专精特新、世界500强": "fortune500,specialised", "世界500强": "fortune500"}
REMARKS = ["重点客户", "每月25日对账", "渠道推荐", "需开专用发票", "有意续约", "二季度采购"]


class Firm(NamedTuple):
    """One row, in the order of HEADERS."""

    legal_name: str
    credit_code: str
    contact: str
    mobile: str
    email: str
    province: str
    city: str
    industry: str
    size: str
    flags: str
    plan: str
    limit: str
    term_days: str
    external_id: str
    remarks: str


def credit_code(region: str, number: int) -> str:
    """A valid code of a firm (91) of that region; another one for every number."""
    serial, characters = number * STEP % SERIALS, []
    for _place in range(9):
        serial, digit = divmod(serial, 31)
        characters.append(ALPHABET[digit])
    body = f"91{region}{''.join(characters)}"
    total = sum(DIGITS[character] * weight for character, weight in zip(body, WEIGHTS, strict=True))
    return body + ALPHABET[(31 - total) % 31]


def make_firms(first: int, count: int) -> Iterator[Firm]:
    """Firms number `first` and after; every number is another firm."""
    dice = random.Random(SEED + first)
    pick = dice.choice
    sizes, flags = list(SIZES), list(FLAGS)
    for number in range(first, first + count):
        province, city, region = pick(PLACES)
        industry, trade = pick(INDUSTRIES)
        brand = pick(BRAND_FIRST) + pick(BRAND_SECOND) + pick(BRAND_FIRST)
        yield Firm(
            f"{city[:-1]}{brand}{trade}有限公司", credit_code(region, number),
            pick(SURNAMES) + pick(GIVEN) + pick(GIVEN), f"1{pick('3456789')}{number * 7_919 % 10**9:09d}",
            f"cg{number}@example{number % 97}.cn", province, city, industry, pick(sizes), pick(flags),
            pick(("classic", "premium")), f"{int(dice.random() * 2000)}000.00", pick(("15", "30", "45", "60")),
            f"CRM-{number:09d}", pick(REMARKS),
        )  # fmt: skip


def write_firms(path: Path, count: int) -> int:
    """The file; its size in bytes."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(make_firms(1, count))
    return path.stat().st_size
