"""What can be typed into the search boxes of memberships. Each kind is served by an index; a test asks PostgreSQL."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from memberships.admin.names import NameKind, Names, names_taken
from memberships.models import EnterpriseCustomer, Member, MemberContact
from memberships.services.merges import same_as
from operations.admin.search import SEARCH_LIMIT, SearchKind, normalised

_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_ATTEMPT_KEY = re.compile(r"(\d{1,18})-(?:refund-)?\d{1,5}")
#: Letters, and what stands between the parts of a name; no digit, so that no number is taken for one.
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ ·.'-])+")
_CREDIT_CODE = re.compile(r"[0-9A-Z]{18}")


def member_number(key: str = "pk") -> SearchKind:
    """By member number, or several of them with spaces between; `key` is the column with the member's key.

    Under each number all of the same person or firm are found: of a merge both numbers, whichever is typed.
    """

    def condition(term: str) -> Q | None:
        keys = [Member.pk_of(normalised(term))]
        if keys == [None]:
            keys = [Member.pk_of(normalised(part)) for part in term.split()]
        return Q(**{f"{key}__in": same_as(keys)}) if keys and None not in keys else None

    return SearchKind(_("member number"), condition)


def legal_name(key: str = "pk") -> NameKind:
    """By what stands in the legal name, two characters at the least, or by its initials in pinyin (中国石油: zgsy).

    `key` is the column with the firm's key.
    """
    firms = Names(EnterpriseCustomer, "legal_name")
    label = _("part of the legal name or its pinyin initials")
    return NameKind(label, names_taken, names=firms, key=key, is_free=True)


def credit_code(customer: str = "") -> SearchKind:
    """By the whole unified social credit code."""

    def condition(term: str) -> Q | None:
        code = normalised(term)
        return Q(**{f"{customer}credit_code": code}) if _CREDIT_CODE.fullmatch(code) else None

    return SearchKind(_("credit code"), condition)


def external_id(customer: str = "") -> SearchKind:
    """By the whole external id."""
    return SearchKind(_("external id"), lambda term: Q(**{f"{customer}external_id": term}), is_free=True)


def order_number() -> SearchKind:
    """By the whole number of an order or a return."""
    return SearchKind(_("order number"), lambda term: Q(number=term), is_free=True)


def attempt_key() -> SearchKind:
    """By what a gateway knows an attempt or a refund of a payment by."""

    def condition(term: str) -> Q | None:
        found = _ATTEMPT_KEY.fullmatch(unicodedata.normalize("NFKC", term))
        return Q(pk=int(found[1])) if found else None

    return SearchKind(_("key of an attempt"), condition)


def mobile(key: str = "pk") -> SearchKind:
    """By the whole mobile of a contact; `key` is the column with the member's key."""
    return SearchKind(_("mobile"), _by_mobile(key), is_private=True)


def person_name(key: str = "pk") -> NameKind:
    """By what stands in a contact's name, two characters at the least, or by its initials in pinyin (张小明: zxm)."""

    def condition(term: str) -> Q | None:
        return names_taken(term) if _NAME.fullmatch(unicodedata.normalize("NFKC", term)) else None

    contacts = Names(MemberContact, "name", owner="member", is_person=True)
    label = _("part of a contact's name or its pinyin initials")
    return NameKind(label, condition, names=contacts, key=key, is_private=True)


def _by_mobile(key: str) -> Callable[[str], Q | None]:
    def condition(term: str) -> Q | None:
        found = _MOBILE.fullmatch(normalised(term))
        if found is None:
            return None
        # Read first: as a subquery, the planner might walk all members beside it.
        owners: Any = MemberContact.objects.filter(mobile=found[1]).values_list("member", flat=True)[:SEARCH_LIMIT]
        return Q(**{f"{key}__in": list(owners)})

    return condition
