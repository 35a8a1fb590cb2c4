"""Lists of orders, as a shop's system would write them."""

from tests.customer_files import Row, csv_file

HEADERS = ["订单号", "会员号", "计划", "店铺", "品类", "金额", "下单日期", "退货原订单号"]


def an_order(number: str, member: str, **cells: str) -> Row:
    """A hundred yuan spent on 15 January 2027 in JD PLUS."""
    row = {
        "订单号": number, "会员号": member, "计划": "jd-plus", "店铺": "", "品类": "", "金额": "100.00",
        "下单日期": "2027-01-15", "退货原订单号": "",
    }
    return {**row, **cells}


def a_return(number: str, member: str, of: str, **cells: str) -> Row:
    return an_order(number, member, **{"退货原订单号": of, **cells})


def order_file(*rows: Row) -> bytes:
    return csv_file(rows, headers=HEADERS)
