"""Every page of the admin is looked at: `make shots` knows each that the roles' matrix knows, and has its address."""

import pytest
from django.contrib import admin
from django.urls import resolve

from tests.config.test_roles_matrix import ADD, PRESSED, _names, models
from tests.shots import LISTS, PAGES, QUESTIONS, known_names

#: Parts of other pages, redirects, and what is but sent.
NOT_SEEN = {
    "logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "view_on_site", "app_list",
    "find_anything", "session", "second_factor_verify", "search", "login", "found_kept",
}
#: Of each list: what leads away from it, and forms that the lists' own pictures stand for.
OF_LISTS = ("find", "export_list", "filter_save", "filter_open", "filter_change", "filter_delete", "history", "delete")


def test_every_page_has_a_picture() -> None:
    chosen = {resolve(address.split("?")[0]).url_name for address in (*PAGES.values(), *LISTS.values())}
    of_lists = {f"{name}_{page}" for name, _model in models() for page in OF_LISTS}
    # Nobody adds to the other lists.
    of_lists |= {f"{name}_add" for name, _model in models() if name not in ADD}
    pages = set(_names(admin.site.urls[0])) - set(PRESSED) - NOT_SEEN - of_lists
    assert pages - chosen - known_names() == set()


def test_what_is_asked_of_a_record_is_asked_of_a_list_that_is_pictured() -> None:
    assert set(QUESTIONS) <= set(LISTS)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_chosen_pages_have_addresses_that_there_are(name: str) -> None:
    assert resolve(PAGES[name].split("?")[0]).url_name
