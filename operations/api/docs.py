"""The document as a page of the desk, for who works there; drawn here, so that no viewer's megabytes are served."""

import json
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

COLOURS = {"get": "info", "post": "success", "put": "warning", "patch": "warning", "delete": "danger"}


class Shown(NamedTuple):
    """An operation as the page shows it; `body` is its schema as JSON, empty where it takes none."""

    method: str
    colour: str
    path: str
    summary: str
    description: str
    scopes: list[str]
    parameters: list[dict[str, Any]]
    body: str
    responses: list[tuple[str, str]]


class StaffDocs(DocsBase):
    """Operations by their tags. The document itself (openapi.json) is anybody's who wants to write a client."""

    @method_decorator(staff_member_required(login_url="admin:login"))
    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        document = api.get_openapi_schema(path_params=kwargs)
        page = {
            **admin.site.each_context(request),
            "title": _("API: %(title)s") % {"title": api.title},
            "description": api.description,
            "document_url": self.get_openapi_url(api, kwargs),
            "groups": grouped(document),
            "schemas": [(name, _json(schema)) for name, schema in document["components"]["schemas"].items()],
        }
        request.current_app = admin.site.name  # type: ignore[attr-defined]
        # Rendered here: nobody renders later what an API's view returns.
        return TemplateResponse(request, "operations/api_docs.html", page).render()


def grouped(document: dict[str, Any]) -> dict[str, list[Shown]]:
    """The operations of an OpenAPI document by their first tag, in its order."""
    groups: dict[str, list[Shown]] = {}
    for path, methods in document["paths"].items():
        for method, details in methods.items():
            tag = next(iter(details.get("tags", ())), "")
            groups.setdefault(tag, []).append(_shown(method, path, details))
    return groups


def _shown(method: str, path: str, details: dict[str, Any]) -> Shown:
    content = details.get("requestBody", {}).get("content", {})
    return Shown(
        method=method.upper(), colour=COLOURS.get(method, ""), path=path, summary=details["summary"],
        description=details.get("description", ""),
        scopes=[scope for entry in details.get("security", ()) for scopes in entry.values() for scope in scopes],
        parameters=details.get("parameters", []),
        body="\n".join(_json(media["schema"]) for media in content.values()),
        responses=[(str(status), said["description"]) for status, said in sorted(
            details["responses"].items(), key=lambda entry: str(entry[0])
        )],
    )  # fmt: skip


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2)
