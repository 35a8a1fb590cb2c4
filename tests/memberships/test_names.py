"""Firms and persons are found by what stands in their names and by pinyin initials: exactly those, the newest first."""

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memberships.admin import lookups, names
from memberships.models import EnterpriseCustomer, Member, MemberContact
from memberships.models.names import SPAN, NameInitials, NamePairs, as_initials, mark_of, pairs_of, span_of
from operations.admin.search import PatternOrder, find_keys
from tests.memberships.admin_pages import a_superuser, indexes_read, signed_in
from tests.memberships.factories import a_firm, a_person

pytestmark = pytest.mark.django_db
FIRMS = names.Names(EnterpriseCustomer, "legal_name")
CUSTOMERS = "/admin/memberships/enterprisecustomer/"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def found(term: str, *, limit: int = 500) -> list[int]:
    return find_keys(EnterpriseCustomer.objects.all(), [lookups.legal_name()], term, limit=limit).keys


def firms(named: dict[int, str]) -> None:
    """Firms with these keys and names."""
    Member.objects.bulk_create([Member(pk=key, kind="enterprise", joined_on="2026-01-01") for key in named])
    EnterpriseCustomer.objects.bulk_create([
        EnterpriseCustomer(pk=key, legal_name=name, credit_code=f"{key:018}") for key, name in named.items()
    ])


def initials(name: str, *, is_person: bool = False) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name_initials(%s, %s)", [name, is_person])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("中国石油", "zgsy"), ("重庆长安汽车", "cqcaqc"), ("长沙银行", "csyh"), ("成长教育", "czjy"),
        ("厦门厦工重工", "xmxgzg"), ("音乐之声", "yyzs"), ("欢乐谷", "hlg"), ("会计师事务所", "kjssws"),
        ("西藏藏药", "xzzy"), ("朝阳区朝霞", "cyqzx"),
        # Latin letters and digits are typed as they stand; what nobody types is left out.
        ("京东PLUS", "jdplus"), ("ＪＤ（中国）·7-11", "jdzg711"), ("㐀𠮷龥", "y"), ("株式会社カメラ", "zshs"),
        ("()·  ", ""), ("", ""),
    ],
)  # fmt: skip
def test_initials_are_what_a_person_would_type(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("单雄信", "sxx"), ("解晓东", "xxd"), ("区小姐", "oxj"), ("尉迟恭", "ycg"), ("长孙无忌", "zswj"),
        ("曾国藩", "zgf"), ("王单", "wd"), ("Müller", "mller"),
    ],
)  # fmt: skip
def test_family_names_are_read_as_such(name: str, letters: str) -> None:
    assert initials(name, is_person=True) == letters


def test_every_character_of_a_name_has_a_letter_or_none_and_never_two() -> None:
    block = "".join(chr(code) for code in range(0x4E00, 0xA000))
    with connection.cursor() as cursor:
        cursor.execute("SELECT one, name_initials(one) FROM string_to_table(%s, NULL) AS one", [block])
        read = dict(cursor.fetchall())
    assert {len(letter) for letter in read.values()} <= {0, 1}
    assert sum(not letter for letter in read.values()) < 70
    assert all(read[one] for one in "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年")


@pytest.mark.parametrize(
    ("term", "letters"),
    [
        ("ZGSY", "zgsy"), ("ｚｇｓｙ", "zgsy"), ("jd7", "jd7"), ("z", ""), ("13812345678", ""), ("SAP-77", ""),
        ("中国", ""), ("zg sy", ""), ("", ""), ("é1", ""),
    ],
)  # fmt: skip
def test_what_may_be_initials(term: str, letters: str) -> None:
    assert as_initials(term) == letters


@given(name=st.text(max_size=30), key=st.integers(0, 2**40))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pairs_are_reckoned_alike_here_and_in_postgresql(name: str, key: int) -> None:
    readable = name.replace("\0", "").encode("utf-8", "ignore").decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name_pairs(%s, %s), name_initials(%s)", [readable, key, readable])
        pairs, letters = cursor.fetchone()
    assert sorted(set(pairs)) == sorted({*pairs_of(readable), mark_of(span_of(key))})
    assert letters == "" or (letters.isascii() and letters.isalnum() and letters == letters.lower())


@given(
    named=st.dictionaries(
        st.integers(1, 9).map(lambda number: number * SPAN // 2 + number),
        st.text(alphabet="中国石油%_A 有", min_size=1, max_size=8).map(lambda text: f"{text}司"),
        min_size=1, max_size=9,
    ),
    term=st.text(alphabet="中国石油%_A有", min_size=2, max_size=3),
    most=st.integers(1, 4),
)  # fmt: skip
@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_found_are_exactly_the_names_with_it_in_them(named: dict[int, str], term: str, most: int) -> None:
    """However far they lie from each other, and however few can be looked at: then the newest of them."""
    with transaction.atomic():
        firms(named)
        right = sorted((key for key, name in named.items() if term in name), reverse=True)
        assert list(FIRMS.containing(term)) == right
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(names, "MOST", most)
            assert list(FIRMS.containing(term)) == right[:most]
        transaction.set_rollback(True)


def test_what_many_have_is_the_newest_of_them_and_what_was_not_looked_at_is_said(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = a_firm(legal_name="云南旧科技公司", province="云南")
    new = a_firm(legal_name="北京新科技公司", province="北京")
    assert found("科技") == [new.pk, old.pk]
    assert found("科技", limit=0) == [new.pk]
    page = desk.post(f"{CUSTOMERS}find/", {"q": "科技", "province": "云南"}, follow=True)
    assert [row.pk for row in page.context["cl"].result_list] == [old.pk]
    assert "only the newest" not in page.content.decode()
    monkeypatch.setattr(names, "MOST", 1)
    page = desk.post(f"{CUSTOMERS}find/", {"q": "科技", "province": "云南"}, follow=True)
    assert page.context["cl"].result_list == []
    assert "only the newest 1 were looked at" in page.content.decode()


def test_words_may_stand_anywhere_in_any_order() -> None:
    firm, _other = a_firm(legal_name="上海晨光信息科技有限公司"), a_firm(legal_name="上海信贸有限公司")
    assert found("信息 上海") == found("晨光信息") == found("光信") == [firm.pk]
    assert found("海晨 技光") == found("沪 海") == found("沪") == []
    # One character narrows what two have found.
    assert found("上海 晨") == [firm.pk]


def test_a_firm_that_is_renamed_is_found_by_its_new_name_alone() -> None:
    firm = a_firm(legal_name="重庆火锅有限公司")
    assert found("cqhg") == found("火锅") == [firm.pk]
    EnterpriseCustomer.objects.filter(pk=firm.pk).update(legal_name="长沙米粉有限公司")
    assert found("cqhg") == found("火锅") == []
    assert found("csmf") == found("CSMF") == found("米粉") == [firm.pk]


def test_a_person_is_found_in_the_header_alone_and_not_once_the_name_is_erased(desk: Client) -> None:
    person = a_person()
    MemberContact.objects.filter(member=person).update(name="单小明")

    def of(term: str) -> list[int]:
        return find_keys(Member.objects.all(), [lookups.person_name()], term, with_private=True).keys

    assert of("小明") == of("sxm") == of("单小") == [person.pk]
    assert of("dxm") == of("明") == of("小 明") == of("小明7") == []
    for term in ("小明", "sxm"):
        page = desk.post("/admin/memberships/member/find/", {"q": term}, follow=True)
        assert page.context["cl"].result_list == []
    MemberContact.objects.filter(member=person).update(name="")
    assert of("小明") == of("sxm") == []


def test_a_search_asks_a_handful_of_questions_however_the_names_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    firms({number * SPAN: f"远方{number}公司" if number % 3 else f"近处{number}公司" for number in range(1, 60)})
    monkeypatch.setattr(names, "MOST", 10)
    for term, number in (("公司", 10), ("近处", 10), ("远方", 10), ("近处33", 1), ("不在", 0)):
        with CaptureQueriesContext(connection) as asked:
            assert len(found(term)) == number
        assert len(asked) <= 9, term


@pytest.mark.usefixtures("new_tables")
def test_names_are_served_by_their_indexes() -> None:
    inside = EnterpriseCustomer.objects.alias(pairs=NamePairs("legal_name", "pk"))
    assert indexes_read(inside.filter(pairs__contains=pairs_of("石油"))[:1501]) == {"customer_name_pairs"}
    spans = inside.filter(pairs__contains=pairs_of("石油"), pairs__overlap=[mark_of(3), mark_of(4)])
    assert indexes_read(spans[:1501]) == {"customer_name_pairs"}
    contacts = MemberContact.objects.exclude(name="")
    by_pairs = contacts.alias(pairs=NamePairs("name", "pk")).filter(pairs__contains=pairs_of("小明"))
    assert indexes_read(by_pairs[:1501]) == {"contact_name_pairs"}
    for rows, name, is_person, index in (
        (EnterpriseCustomer.objects.all(), "legal_name", False, "customer_initials"),
        (contacts, "name", True, "contact_initials"),
    ):
        lettered = rows.alias(initials=NameInitials(name, is_person=is_person)).filter(initials__startswith="zgsy")
        assert indexes_read(lettered.order_by(PatternOrder("initials")).values("pk")[:501]) == {index}

