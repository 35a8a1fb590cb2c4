"""From bytes to records: any table comes back cell for cell, with the line each record begins on."""

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from operations.errors import FileRefusedError
from operations.imports.faults import Fault
from operations.imports.reader import (
    BLOCK_BYTES,
    BLOCK_ROWS,
    MAX_CELL,
    Record,
    line_end_of,
    read_blocks,
    read_records,
)

LINE_ENDS = ["\n", "\r\n", "\r"]
CELLS = st.one_of(st.text(max_size=8), st.text(alphabet=' ,"\n\r\\\'ab企=-', max_size=8)).map(
    lambda text: text.replace("\0", "")
)


def read(content: bytes, encoding: str = "utf-8") -> list[tuple[int, list[str]]]:
    return [(record.line, record.cells) for record in read_records(io.BytesIO(content), encoding)]


def refused(text: str) -> Fault:
    with pytest.raises(FileRefusedError) as error:
        read(text.encode())
    (fault,) = error.value.faults
    return fault


def lines_in(text: str) -> int:
    """Line ends of any of the three kinds."""
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8),
    end=st.sampled_from(LINE_ENDS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]),
    quotes_all=st.booleans(),
)
@example(rows=[["a\r", "b"], ["c\n\r", "d"]], end="\n", encoding="utf-8", quotes_all=True)
@example(rows=[["\ufeffa", '"'], ["", ""], [" "], ["𠮷"]], end="\r", encoding="gb18030", quotes_all=False)
def test_any_table_comes_back_cell_for_cell_with_its_line_numbers(
    rows: list[list[str]], end: str, encoding: str, quotes_all: bool
) -> None:
    text, expected = "", []
    for cells in rows:
        line = lines_in(text) + 1
        record = io.StringIO()
        csv.writer(record, quoting=csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL).writerow(cells)
        # The line end of csv's own default quotes any line break in a cell, whatever ends the record here.
        text += record.getvalue().removesuffix("\r\n") + end
        if any(cell.strip() for cell in cells):
            expected.append((line, cells))
    assert read(text.encode(encoding), encoding) == expected


@pytest.mark.parametrize("end", LINE_ENDS)
def test_line_numbers_count_blank_rows_and_line_breaks_in_quotes(end: str) -> None:
    text = end.join(["", "name,plan", "", '"a', 'b",c', ",,,", " ,\t", '"d",""', "e,f", ",", "", ""])
    assert [line for line, _cells in read(text.encode())] == [2, 4, 8, 9]


def test_a_file_without_a_last_line_end_loses_no_row() -> None:
    assert read(b"a,b\n1,2") == [(1, ["a", "b"]), (2, ["1", "2"])]
    assert read(b'a,b\n1,""') == [(1, ["a", "b"]), (2, ["1", ""])]


def test_a_file_of_blank_rows_has_no_records() -> None:
    assert read(b"\n\r\n,,,\n  \n") == []


def test_quotes_inside_an_unquoted_cell_are_text() -> None:
    assert read('12" 屏,a"b"\n'.encode()) == [(1, ['12" 屏', 'a"b"'])]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('"a,b\n1,2\n', 1),
        ('a,b\n1,"2\n', 2),
        ('a,b\n1,2\n\n\n3,"4', 5),
        ('a,b\n1,"2\n3,"4"\n5,6\n', 2),
        ('a,b\n"1" x,2\n', 2),
        ('a,b\n"x\ny",1\n"2,3\n4,5', 4),
        ('a,b\r1,"2\r3,4\r', 2),
        ('a,b\n1,"2\n' + "3,4\n" * MAX_CELL, 2),
    ],
)
def test_quotes_that_do_not_match_refuse_the_file_and_name_the_line(text: str, line: int) -> None:
    fault = refused(text)
    assert (fault.code, fault.line) == ("unclosed_quote", line)


def test_a_cell_that_csv_cannot_hold_is_not_called_a_quote() -> None:
    fault = refused("a,b\n1,2\n3," + "x" * (MAX_CELL + 1) + "\n")
    assert (fault.code, fault.line) == ("cell_too_large", 3)
    assert len(read(b"a,b\n3," + b"x" * MAX_CELL)) == 2


def blocks(text: str) -> list[list[Record]]:
    stream = io.BytesIO(text.encode())
    return list(read_blocks(read_records(stream, "utf-8"), stream))


def test_a_long_file_comes_in_blocks_that_lose_nothing() -> None:
    found = blocks("a,b\n" * (2 * BLOCK_ROWS + 7))
    assert [len(block) for block in found] == [BLOCK_ROWS, BLOCK_ROWS, 7]
    assert [record.line for block in found for record in block] == list(range(1, 2 * BLOCK_ROWS + 8))


def test_a_block_of_long_rows_is_short() -> None:
    found = blocks(("x" * 100_000 + "\n") * 300)
    assert sum(map(len, found)) == 300
    assert all(sum(len(cell) for record in block for cell in record.cells) < 2 * BLOCK_BYTES for block in found)


@pytest.mark.parametrize("end", LINE_ENDS)
def test_the_line_end_is_that_of_the_first_line(end: str) -> None:
    other = "\r\n" if end != "\r\n" else "\n"
    assert line_end_of(io.BytesIO(f'a,b{end}"1{other}2",3{end}'.encode())) == end


def test_a_file_of_one_line_ends_lines_like_unix() -> None:
    assert line_end_of(io.BytesIO(b"a,b")) == "\n"
