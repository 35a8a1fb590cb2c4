"""What the parts of a list have in common: the names and addresses of its pages, and what it was asked for."""

from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import ModelAdmin

from operations.admin.paging import AFTER, BEFORE


class ListPages(ModelAdmin):
    """The base of the parts that a list of the desk is made of."""

    def _url_name(self, page: str, *, is_qualified: bool = True) -> str:
        name = f"{self.opts.app_label}_{self.opts.model_name}_{page}"
        return f"{self.admin_site.name}:{name}" if is_qualified else name

    def list_url(self, page: str = "changelist", asked: str = "") -> str:
        """The address of a page of the list, with its search, filters and order."""
        return reverse(self._url_name(page)) + (f"?{asked}" if asked else "")


def asked_of(request: HttpRequest) -> str:
    """The list's search, filters and order, as they stand in an address."""
    asked = request.GET.copy()
    for parameter in (AFTER, BEFORE):
        asked.pop(parameter, None)
    return asked.urlencode()
