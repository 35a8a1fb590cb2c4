"""The site of the admin: unfold's, which lists all applications only for a page that shows such a list."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class DeskSite(UnfoldAdminSite):
    """What `admin.site` is."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        # Every page asks for it, with the rights to all models and the addresses of all lists; hardly one shows it.
        return cast(list[Any], SimpleLazyObject(partial(super().get_app_list, request, app_label)))

    def _call_permission_callback(self, callback: str | Callable[..., Any] | None, request: HttpRequest) -> bool:
        # unfold makes a class of its own for each item of the menu, on every page, to ask the same.
        if callable(callback):
            return bool(callback(request))
        return bool(super()._call_permission_callback(callback, request))


class DeskAdminConfig(AdminConfig):
    """For INSTALLED_APPS; another configuration in `config.apps` would keep Django from finding that of the house."""

    default_site = "config.desk_site.DeskSite"
