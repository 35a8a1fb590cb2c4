"""What is text, and in which encoding: decided by the bytes, never guessed."""

import codecs
import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.errors import FileRefusedError
from operations.imports.files import BLOCK, inspect_file

LIST = "企业名称,会员卡\n杭州西溪商贸有限公司,classic\n"


def refused(content: bytes) -> str:
    with pytest.raises(FileRefusedError) as error:
        inspect_file(io.BytesIO(content))
    (fault,) = error.value.faults
    return fault.code


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (LIST.encode(), "utf-8"),
        (LIST.encode("utf-8-sig"), "utf-8-sig"),
        (LIST.encode("gb18030"), "gb18030"),
        ("名称,𠮷野家,€".encode("gb18030"), "gb18030"),
        (b"name,plan\n", "utf-8"),
        # What is Chinese, in whichever of the two, leaves no doubt; nor does the mark.
        ("企业名称\nJosé\n".encode(), "utf-8"), ("企业名称\n茅\n".encode("gb18030"), "gb18030"),
        ("name\nJosé\n".encode("utf-8-sig"), "utf-8-sig"),
        (codecs.BOM_UTF8, "utf-8-sig"),
    ],
)
def test_the_encoding_is_found(content: bytes, encoding: str) -> None:
    facts = inspect_file(io.BytesIO(content))
    assert facts == (encoding, hashlib.sha256(content).hexdigest(), len(content))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (LIST.encode("utf-16"), "utf16"),
        (LIST.encode("utf-16-le"), "utf16"),
        (LIST.encode("utf-16-be"), "utf16"),
        (b"name,plan\n".decode().encode("utf-16-le"), "utf16"),
        (b"name,plan\n\0\0\0\0,classic\n", "nul_bytes"),
        (b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(100), "nul_bytes"),
        (b"\xff\xff\xff", "unknown_encoding"),
        (codecs.BOM_UTF8 + LIST.encode("gb18030"), "unknown_encoding"),
        (codecs.BOM_UTF8 + b"\xb1\xb1\xbe\xa9", "unknown_encoding"),
        (LIST.encode()[:-20] + b"\xe4,\n", "unknown_encoding"),
        (b"a" * 4 * BLOCK, "no_line_breaks"),
        ("name\nJosé\n".encode(), "ambiguous_encoding"),
        ("name\n茅\n".encode("gb18030"), "ambiguous_encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_its_own_code(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_nul_byte_far_behind_is_found() -> None:
    assert refused(LIST.encode() * 30_000 + b"\0") == "nul_bytes"


def test_a_file_over_the_limit_is_refused(settings: Any) -> None:
    settings.IMPORT_FILE_MAX_BYTES = 10
    assert refused(LIST.encode()) == "too_large"


def test_a_character_cut_by_the_edge_of_a_block_is_one_character() -> None:
    assert inspect_file(io.BytesIO(b"a\n" * (BLOCK // 2 - 1) + b"a" + "企业".encode() * 2)).encoding == "utf-8"


@given(st.binary(max_size=200))
def test_any_bytes_are_either_text_in_the_encoding_found_or_refused(content: bytes) -> None:
    try:
        facts = inspect_file(io.BytesIO(content))
    except FileRefusedError:
        return
    content.decode(facts.encoding)
