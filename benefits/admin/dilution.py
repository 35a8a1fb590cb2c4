"""How thin a programme's benefits are spread, on two measured dates side by side: a page of the catalogue."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from benefits.services.dilution import Crowd, dilution
from memberships.admin.pages import show_page
from memberships.models import Programme
from operations.admin.base import ReadOnlyAdmin
from operations.admin.dashboard import chart

#: One after the other, for the tiers from the lowest.
SHADES = tuple(f"var(--color-primary-{shade})" for shade in (200, 300, 400, 500, 600, 700, 800, 900))


class DilutionPages(ReadOnlyAdmin):
    """Adds the page to the admin of benefits."""

    def dilution_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.dilution_view)
        return [path("dilution/<int:programme_id>/", view, name="benefits_benefit_dilution")]

    def dilution_view(self, request: HttpRequest, programme_id: int) -> HttpResponse:
        """Who holds each benefit, what members have of it, how full the tiers are."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        programme = Programme.objects.filter(pk=programme_id).first()
        if programme is None:
            raise Http404
        found = dilution(programme, before=_day(request, "before"), after=_day(request, "after"))
        return show_page(
            self, request, "benefits/dilution.html", programme, programme=programme, found=found,
            title=_("Dilution: %(programme)s") % {"programme": programme},
            chart=_chart(found.months, found.crowds) if found and len(found.months) > 1 else "",
        )


def dilution_url(programme_id: int) -> str:
    """The page of a programme."""
    return reverse("admin:benefits_benefit_dilution", args=[programme_id])


def _day(request: HttpRequest, name: str) -> date | None:
    """A day of the address; none where it is no day."""
    try:
        return parse_date(request.GET.get(name, ""))
    except ValueError:
        return None


def _chart(months: list[date], crowds: list[Crowd]) -> str:
    """The tiers' shares by month, in percent."""
    return chart(
        [f"{month:%Y-%m}" for month in months],
        [
            (str(crowd.tier), [float(share * 100) for share in crowd.shares], SHADES[place % len(SHADES)])
            for place, crowd in enumerate(crowds)
        ],
    )
