"""What the desk says besides the pages that a walk along its addresses finds: of each, the place and its words.

Pages that ask, as they open and as they come back when nothing was filled in; what the buttons answer; files; the
palette and what the box finds; the first page of each role; the proof that is asked for again; notices.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook
from pypdf import PdfReader

from config.desk_site import DeskSite
from memberships.models import MemberContact
from operations import registry, roles
from operations.models import User
from tests.config.test_roles_matrix import ASKED, ASKED_ON, LOOKED_AT, PRESSED, address, models
from tests.config.visible import words_of

#: What is attached to a case is nobody's words here; the file of a partner is read by machines; what notices say in
#: either language stands side by side in their preview.
SAID_ELSEWHERE = {"memberships_casenote_file", "partners_dailyfile_download", "operations_notice_preview"}
Said = Iterator[tuple[str, str]]
#: Typed into the palette and the box: words of the menu, a name that several have, a member's number, nobody.
TYPED = ("a", "管理", "北京", "JD-", "1", "no such thing")


def everything_else(user: User, language: str) -> Said:
    """All of it, as `user` reads it; what a POST did is taken back."""
    desk = signed_in(user, language)
    with without_menu():
        yield from asked_pages(desk)
        yield from lists_taken_away(desk)
    yield from found(desk)
    yield from first_pages(language)
    yield from notices(language)
    stranger = signed_in(user, language, is_proved=False)
    url = reverse("admin:memberships_membercontact_reveal", args=[MemberContact.objects.earliest("pk").pk])
    yield from answered(stranger, "post", url, fields=["mobile"], reason="核对")


def without_menu() -> AbstractContextManager[Any]:
    """Pages without the menu, which is the same on each, and read on the first page of each role.

    Of a menu without a group unfold makes one of all applications, which takes longer than the page.
    """
    return patch.object(DeskSite, "get_sidebar_list", return_value=[{"items": []}])


def signed_in(user: User, language: str, *, is_proved: bool = True) -> Client:
    """A browser of that user, who has just said who they are."""
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    if is_proved:
        session = client.session
        session["proved_at"] = timezone.now().timestamp()
        session.save()
    return client


# --- pages that ask, and buttons


def asked_pages(desk: Client) -> Said:
    """What comes back when nothing is filled in says all that the page says as it opens."""
    for name in (*ASKED, *ASKED_ON, *PRESSED):
        if url := address(name):
            answer, said = _answered(desk, "post", url)
            yield from said
            if answer.status_code != 422 and name not in PRESSED:
                yield from answered(desk, "get", url)
    for name in LOOKED_AT.keys() - SAID_ELSEWHERE:
        if url := address(name):
            yield from answered(desk, "get", url)


def answered(desk: Client, method: str, url: str, **data: Any) -> Said:
    """The words of the answer, and of the message that the next page would show."""
    yield from _answered(desk, method, url, **data)[1]


def _answered(desk: Client, method: str, url: str, **data: Any) -> tuple[HttpResponse, list[tuple[str, str]]]:
    with transaction.atomic():
        answer: Any = getattr(desk, method)(url, data)
        assert answer.status_code in (200, 302, 403, 404, 422), (method, url, answer.status_code)
        said = [*_words(answer), *map(str, get_messages(answer.wsgi_request))]
        transaction.set_rollback(True)
    return answer, [(f"{method} {url}", text) for text in said]


def _words(answer: HttpResponse) -> list[str]:
    """Of a page its words, of a file its cells or its text."""
    if answer.status_code == 302:
        return []
    content = b"".join(answer) if answer.streaming else answer.content  # type: ignore[call-overload]
    kind = answer.get("content-type", "")
    if kind.startswith("text/html"):
        return words_of(content.decode())
    if kind.startswith("text/csv"):
        return [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row if cell]
    if kind.startswith("application/pdf"):
        return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    if "spreadsheetml" in kind:
        book = load_workbook(io.BytesIO(content))
        cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
        return [*book.sheetnames, *(cell for cell in cells if isinstance(cell, str))]
    return []


# --- files of lists


def lists_taken_away(desk: Client) -> Said:
    """Each list as CSV: its columns are those of the workbook."""
    for name, _model in models():
        yield from answered(desk, "post", reverse(f"admin:{name}_export_list"), kind="csv", reason="核对")
    whole = reverse("admin:memberships_member_export_list")
    yield from answered(desk, "post", whole, kind="xlsx", reason="核对")


# --- what is found


def found(desk: Client) -> Said:
    for typed in TYPED:
        yield from answered(desk, "post", reverse("admin:search"), s=typed)
        leads_to = desk.post(reverse("admin:find_anything"), {"q": typed})
        if "/found/" in leads_to["location"]:
            yield from answered(desk, "get", leads_to["location"])


# --- roles, proofs, notices


def first_pages(language: str) -> Said:
    """The dashboard of each role, whoever works here already."""
    for number, role in enumerate(roles.ROLES):
        with transaction.atomic():
            # A name that is no word of any language.
            person = User.objects.create_user(f"00{number}", is_staff=True)
            person.groups.add(Group.objects.get(name=role.group))
            # Of a person who proved nothing yet.
            client = signed_in(person, language, is_proved=False)
            said = [(f"{role.name} {place}", text) for place, text in answered(client, "get", reverse("admin:index"))]
            transaction.set_rollback(True)
        yield from said


def notices(language: str) -> Said:
    with translation.override(language):
        for kind in registry.notices:
            yield f"notice {kind.name}", str(kind.label)
    for kind in registry.notices:
        yield from ((f"notice {kind.name}", text) for text in kind.text(kind.sample, language=language)[:3])
