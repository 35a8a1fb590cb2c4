"""Addresses: the desk, the APIs, the language switch, the health pages."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.contrib import admin
from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from config.api import api
from config.health import health, live, ready

admin.site.index_title = _("Overview")

urlpatterns = [
    path("", RedirectView.as_view(url=reverse_lazy("admin:index")), name="home"),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("health/", health, name="health"),
    path("health/ready/", ready, name="health-ready"),
    path("health/live/", live, name="health-live"),
]
if apps.is_installed("partners") and find_spec("partners.api"):
    urlpatterns.append(path("partners/", import_module("partners.api").api.urls))
