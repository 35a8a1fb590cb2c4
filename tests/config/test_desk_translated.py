"""No page, file, message or notice says anything in the other language; what is data may."""

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from memberships.admin.display import today
from operations.models import User
from tests.config import desk_words, full_desk, strings
from tests.config.desk_words import signed_in
from tests.config.test_roles_matrix import furnish_questions
from tests.config.visible import CHINESE, LATIN, NAMES, words_of
from tests.memberships.admin_pages import a_superuser

#: What no language translates: messages to other systems, masked addresses, hashes, codes_like_this.
CODES = (
    r"whsec_|\bbase64\b|\{ \"type\": .*\} \}|\{ \"[^{}]*\}|content-type|webhook-[a-z]+|application/json|\S+@[\w.]+"
    r"|\b[0-9a-f-]{32,64}\b|[\w+/=]+\*{3,}|\b[a-z0-9]+(?:_[a-z0-9]+)+(?:\.[a-z0-9_]+)*\b"
)
#: Known, and still to be said in Chinese; the test says when one is.
STILL_RAW = [
    r"\| Can ",  # rights, as Django stores them
    r"(?i:memberships\.(?:membercontact|payment))",  # the reveals, and the lists that were taken away
    "show=",  # what of a list was asked for, as its address says it
    "enterprise-customers", "utf-8-sig", "imports/", "exports/",  # the history of an import, and of a file
    "joined", "shipped roles",  # reasons that the services give
    r"\[\{'kind'", r"\{'seen'",  # a history of steps of prices, and of evidence
    r"\{'(?:classic|draws_in_grace|code|days)'",  # of credit policies, whose page says it in words
    r"/partners/\w+/events",  # the address that a change came by
    r": (Group|Permission):$",  # the history of rights
    r" object \(\d",  # what goes with a deleted group
]


@pytest.fixture(autouse=True, scope="module")
def _fresh_catalogue() -> None:
    strings.read_anew()


@pytest.fixture
def desk(db: None) -> User:
    """A superuser before a desk with something on every page."""
    user = a_superuser()
    full_desk.furnish(user, on=today())
    furnish_questions(user)
    return user


def everything(user: User, language: str) -> Iterator[tuple[str, str]]:
    """The place and the text of whatever the desk says."""
    clients = {True: signed_in(user, language), False: Client(headers={"accept-language": language})}
    with desk_words.without_menu():
        for address in full_desk.addresses():
            # The page of an entry is its wallet's.
            page = clients["/login/" not in address].get(address, follow=True)
            assert page.status_code == (404 if "/no-such-page/" in address else 200) or page.status_code == 403, address
            yield from ((address, text) for text in words_of(page.content.decode()))
    yield from desk_words.everything_else(user, language)


def wrong_words(user: User, language: str, data: set[str], wrong: re.Pattern[str]) -> dict[str, set[str]]:
    """By the words that are said in the wrong language, the places that say them."""
    # Unfold keeps what a search found, in the language it was found in.
    cache.clear()
    known = "|".join(map(re.escape, sorted(data, key=len, reverse=True)))
    data_pattern = re.compile(rf"{CODES}|(?<![a-z])(?:{known})(?![a-z])", re.IGNORECASE)
    found: dict[str, set[str]] = {}
    read: dict[str, list[str]] = {}
    for place, text in everything(user, language):
        if text not in read:
            read[text] = wrong.findall(data_pattern.sub(" ", text))
        for word in read[text]:
            found.setdefault(f"{word}: {text}", set()).add(place)
    return found


def test_no_page_says_anything_in_the_other_language(desk: User) -> None:
    # Django names the tables between two once, in the language it starts in.
    between = {"User-group关系", "Group-permission关系"}
    assert not wrong_words(desk, "en", full_desk.chinese_data() | {"简体中文"} | between, CHINESE)
    english = wrong_words(desk, "zh-hans", full_desk.latin_data() | NAMES | between, LATIN)
    assert not {text: pages for text, pages in english.items() if not re.search("|".join(STILL_RAW), text)}
    spared = [raw for raw in STILL_RAW if not any(re.search(raw, text) for text in english)]
    assert not spared, "said in Chinese by now: take them off STILL_RAW"
