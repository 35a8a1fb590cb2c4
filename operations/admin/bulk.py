"""Bulk actions of lists: rows are ticked (or all that match), and lead to the page that shows what would happen."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language

from operations import registry
from operations.admin.list_pages import ListPages, asked_of
from operations.admin.reasons import record_url
from operations.bulk import BulkAction
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.models import User
from operations.services.bulk_changes import MOST, choose


class BulkMixin(ListPages):
    """A list with the bulk actions that are registered for its model, for those who may."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Django's, and ours: each keeps what was ticked and leads to the page that shows what would happen."""
        found: dict[str, Any] = super().get_actions(request)
        for each in registry.bulk_actions:
            if each.model is self.model and request.user.has_perm(each.permission):
                found[each.name] = (_chooser(each), each.name, each.label)
        return found


def _chooser(action: BulkAction) -> Callable[..., HttpResponseBase]:
    def chosen(model_admin: ListPages, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponseBase:
        at = timezone.now()
        try:
            change = choose(
                action, queryset.values_list("pk", flat=True)[: MOST + 1], language=get_language() or "zh-hans",
                on=business_date(at), at=at, actor=cast(User, request.user),
            )
        except PlusdeskError as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(model_admin.list_url(asked=asked_of(request)))
        return HttpResponseRedirect(record_url(change))

    return chosen
