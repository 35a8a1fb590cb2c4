"""Lists of enterprise customers, as an operator's spreadsheet program would save them."""

import csv
import io
from collections.abc import Iterable

from memberships.demo import credit_code

HEADERS = ["企业名称", "统一社会信用代码", "联系人", "手机号", "邮箱", "省份", "会员卡"]
Row = dict[str, str]


def a_row(number: int, **cells: str) -> Row:
    """A firm in Zhejiang that takes the classic card; each number is another firm."""
    row = {
        "企业名称": f"杭州西溪商贸{number}有限公司",
        "统一社会信用代码": credit_code("330106", number),
        "联系人": "韩梅梅",
        "手机号": f"139{number:08d}",
        "邮箱": f"buyer{number}@example.com",
        "省份": "浙江省",
        "会员卡": "classic",
    }
    return {**row, **cells}


def a_bad_row(number: int) -> Row:
    """A firm whose mobile number lacks a digit."""
    return a_row(number, 手机号="1390000")


def csv_file(rows: Iterable[Row], *, encoding: str = "utf-8-sig", headers: list[str] | None = None) -> bytes:
    """The rows below their header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(headers or HEADERS)
    writer.writerows(row.values() for row in rows)
    return text.getvalue().encode(encoding)
