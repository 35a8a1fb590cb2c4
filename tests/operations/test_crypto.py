"""Secrets at rest: sealed and opened, by keys that change, found by a hash, and damaged ones told from whole ones."""

import base64
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations import crypto
from operations.crypto import BrokenSealError, UnknownKeyError, keyed_hash, open_sealed, seal, seal_many

OLD, NEW = (base64.b64encode(letter * 32).decode() for letter in (b"o", b"n"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_is_opened_to_the_letter(text: str) -> None:
    assert open_sealed(seal(text)) == text


def test_no_two_seals_of_a_text_are_alike() -> None:
    assert seal("爱奇艺-8899") != seal("爱奇艺-8899")


def test_the_text_cannot_be_read_from_the_seal() -> None:
    assert b"KUGOU" not in seal("KUGOU-2027-0001")


def test_many_are_sealed_in_order() -> None:
    texts = [f"code-{number}" for number in range(500)]
    sealed = seal_many(iter(texts))
    assert [open_sealed(one) for one in sealed] == texts and len(set(sealed)) == 500


def test_nothing_is_sealed_where_there_is_nothing() -> None:
    assert seal_many([]) == [] and open_sealed(seal("")) == ""


def test_the_first_key_seals_and_all_of_them_open(settings: Any) -> None:
    settings.SECRETS_KEYS = [OLD]
    before = seal("whsec_old")
    settings.SECRETS_KEYS = [NEW, OLD]
    after = seal("whsec_new")
    assert [open_sealed(before), open_sealed(after)] == ["whsec_old", "whsec_new"]
    assert after.startswith(crypto.current_head()) and not before.startswith(crypto.current_head())
    settings.SECRETS_KEYS = [NEW]
    assert open_sealed(after) == "whsec_new"
    with pytest.raises(UnknownKeyError):
        open_sealed(before)


@pytest.mark.parametrize("place", [0, 5, 16, 17, -1])
def test_a_seal_that_was_touched_is_never_opened(place: int) -> None:
    sealed = bytearray(seal("13800138000"))
    sealed[place] ^= 1
    with pytest.raises(BrokenSealError):
        open_sealed(bytes(sealed))


def test_a_seal_with_another_keys_number_is_not_opened(settings: Any) -> None:
    settings.SECRETS_KEYS = [NEW, OLD]
    sealed = seal("x")
    settings.SECRETS_KEYS = [OLD, NEW]
    with pytest.raises(BrokenSealError):
        open_sealed(crypto.current_head() + sealed[crypto.HEAD :])


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"plain text", crypto.VERSION + bytes(31), b"\x02" + bytes(40)])
def test_what_is_no_seal_is_told_apart(sealed: bytes) -> None:
    with pytest.raises(BrokenSealError):
        open_sealed(sealed)


def test_random_bytes_are_no_secret() -> None:
    with pytest.raises(UnknownKeyError):
        open_sealed(crypto.VERSION + os.urandom(60))


def test_the_same_text_has_the_same_hash_for_a_purpose_and_another_for_another() -> None:
    code = keyed_hash("JDH-0001", purpose="voucher code")
    assert code == keyed_hash("JDH-0001", purpose="voucher code") and len(code) == 32
    assert code != keyed_hash("JDH-0001", purpose="api token")
    assert code != keyed_hash("jdh-0001", purpose="voucher code")
    assert crypto.keyed_hash_many(["JDH-0001", "x"], purpose="voucher code")[0] == code


def test_the_hash_stays_when_the_sealing_keys_change(settings: Any) -> None:
    before = keyed_hash("JDH-0001", purpose="voucher code")
    settings.SECRETS_KEYS = [NEW]
    assert keyed_hash("JDH-0001", purpose="voucher code") == before
    settings.SECRETS_HASH_KEY = OLD
    assert keyed_hash("JDH-0001", purpose="voucher code") != before
