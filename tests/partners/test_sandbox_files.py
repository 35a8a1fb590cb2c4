"""JD Read at the sandbox: a daily file of commands, once by its name, and its result, at once or later."""

import csv
import io
from typing import Any

import pytest

from memberships.gateways.sandbox.calls import CallError
from partners.sandbox.files import COLUMNS, RESULT_COLUMNS
from tests.partner import PartnerForTests, PartnersForTests

NAME = "badges-2027-01-15.csv"


@pytest.fixture
def read(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("jd-read")


def file_of(*commands: tuple[str, str], end: str = "\n", bom: bool = False, starts_on: str = "2027-01-15") -> bytes:
    """A file of (order, command)."""
    lines = [",".join(COLUMNS)]
    lines += [
        f"{number},{order},{command},badge,M{order},{starts_on},2027-12-31"
        for number, (order, command) in enumerate(commands, start=1)
    ]
    return (end.join(lines) + end).encode("utf-8-sig" if bom else "utf-8")


def result_of(read: PartnerForTests, name: str = NAME) -> list[dict[str, str]]:
    answer = read.client.get(f"/files/{name}/result")
    assert answer.status == 200 and answer.is_genuine and answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [False, True])
def test_a_file_of_badges_is_done_line_by_line(read: PartnerForTests, end: str, bom: bool) -> None:
    content = file_of(("F1", "provision"), ("F2", "provision"), ("F1", "revoke"), ("F3", "resume"), end=end, bom=bom)
    answer = read.client.put_file(NAME, content)
    assert (answer.status, answer.data["lines"], answer.is_genuine) == (201, 4, True)
    result = result_of(read)
    assert list(result[0]) == RESULT_COLUMNS
    assert [(line["line"], line["order"], line["result"], line["reason"]) for line in result] == [
        ("1", "F1", "accepted", ""), ("2", "F2", "accepted", ""), ("3", "F1", "accepted", ""),
        ("4", "F3", "rejected", "not_provisioned"),
    ]  # fmt: skip
    assert result[0]["reference"] == result[2]["reference"] != ""
    assert read.states() == {"F1": "revoked", "F2": "active"}


def test_the_same_file_again_is_nothing_new_and_another_of_its_name_is_refused(read: PartnerForTests) -> None:
    content = file_of(("F1", "provision"))
    assert read.client.put_file(NAME, content).status == 201
    assert read.client.put_file(NAME, content).status == 200
    answer = read.client.put_file(NAME, file_of(("F2", "provision")))
    assert (answer.status, answer.data["code"]) == (409, "key_conflict")
    assert read.states() == {"F1": "active"}
    assert read.fulfilments()[0]["provisioned"] == 1


def test_a_late_result_is_asked_for_until_it_is_there(read: PartnerForTests) -> None:
    assert read.client.get(f"/files/{NAME}/result").status == 404
    read.order_files(result_after_ms=None)
    read.client.put_file(NAME, file_of(("F1", "provision")))
    asked = read.client.get(f"/files/{NAME}/result")
    assert (asked.status, asked.data["code"]) == (202, "under_way")
    read.release_result(NAME)
    assert len(result_of(read)) == 1


def test_lines_are_rejected_and_passed_over_to_order(read: PartnerForTests) -> None:
    read.order_files(reject_orders=["F2"], omit_orders=["F3"], reason="account_not_found")
    read.client.put_file(NAME, file_of(*((f"F{number}", "provision") for number in range(1, 5))))
    assert [(line["order"], line["result"], line["reason"]) for line in result_of(read)] == [
        ("F1", "accepted", ""), ("F2", "rejected", "account_not_found"), ("F4", "accepted", ""),
    ]  # fmt: skip
    assert read.states() == {"F1": "active", "F4": "active"}
    read.order_files(reject_share=0.5, seed=3)
    read.client.put_file("second.csv", file_of(*((f"G{number}", "provision") for number in range(40))))
    results = [line["result"] for line in result_of(read, "second.csv")]
    assert 10 < results.count("rejected") < 30


def test_a_line_that_cannot_be_read_is_rejected_and_the_others_are_done(read: PartnerForTests) -> None:
    content = file_of(("F1", "provision"), ("F2", "destroy")) + b"3,F3,provision,badge,M3,soon,\n"
    read.client.put_file(NAME, content)
    assert [line["result"] for line in result_of(read)] == ["accepted", "rejected", "rejected"]
    assert "command is one of" in result_of(read)[1]["reason"]
    assert "starts_on is an ISO date" in result_of(read)[2]["reason"]


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"\n", b"order,line\n1,F1\n", ",".join(COLUMNS).encode() + b"\n1,F1\n",
     ",".join(COLUMNS).encode() + b'\n"1,F1'],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_and_its_name_stays_free(read: PartnerForTests, content: bytes) -> None:
    answer = read.client.put_file(NAME, content)
    assert (answer.status, answer.data["code"]) == (400, "invalid_file")
    assert read.client.put_file(NAME, file_of(("F1", "provision"))).status == 201


def test_a_file_is_signed_under_its_name(read: PartnerForTests) -> None:
    answer = read.client.send("PUT", f"/files/{NAME}", id="another.csv", body=file_of(("F1", "provision")))
    assert (answer.status, answer.data["code"]) == (400, "invalid_request")
    assert read.client.get(f"/files/{NAME}/result").status == 404


@pytest.mark.parametrize(
    "orders", [{"reject_share": 2}, {"seed": "x"}, {"reject_orders": "F1"}, {"result_after_ms": -1}, {"lines": 1}]
)
def test_what_cannot_be_ordered_of_files_is_refused(read: PartnerForTests, orders: dict[str, Any]) -> None:
    with pytest.raises(CallError, match="400"):
        read.order_files(**orders)
