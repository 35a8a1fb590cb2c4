"""How partners do: all on one page, and each on its own. Figures are some seconds old at the most."""

from collections.abc import Sequence
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from memberships.admin.pages import show_page
from operations.admin.base import DeskAdmin
from operations.dates import business_date
from partners.admin.display import (
    BREAKER_COLOURS,
    breaker_in_words,
    capped,
    latency_in_words,
    refusal_in_words,
    success_in_words,
)
from partners.models import Partner
from partners.services.events import NOBODY
from partners.services.health import REFUSED_DAYS, Health, Stock, health_of, refused_calls

#: For how many seconds figures are shown again.
KEPT_SECONDS = 15
#: Partners of an overview at the most.
MOST_PARTNERS = 200


def shown_health(partners: Sequence[Partner]) -> list[dict[str, Any]]:
    """The health of each partner, in words and colours, in the order given."""
    at = timezone.now()
    key = f"partner-health:{','.join(str(partner.pk) for partner in partners)}"
    found: list[Health] | None = cache.get(key)
    if found is None:
        found = health_of(partners, on=business_date(at), at=at)
        cache.set(key, found, KEPT_SECONDS)
    return [_shown(health) for health in found]


def _shown(health: Health) -> dict[str, Any]:
    return {
        "partner": health.partner, "health": health, "needs_a_look": health.needs_a_look,
        "breaker": breaker_in_words(health.breaker_state), "breaker_colour": BREAKER_COLOURS[health.breaker_state],
        "breaker_row": health.breaker,
        "hour": {"success": success_in_words(health.hour), "latency": latency_in_words(health.hour)},
        "day": {"success": success_in_words(health.day), "latency": latency_in_words(health.day)},
        "behind": capped(health.behind), "open_matches": capped(health.open_matches),
        "oldest_at": health.oldest_at, "waits_long": health.waits_long,
        "dead": capped(health.dead), "dead_fulfilments": capped(health.dead_fulfilments),
        "dead_events": capped(health.dead_events), "last_event_at": health.last_event_at,
        "stocks": [(stock, _left(stock)) for stock in health.stocks], "low_stocks": health.low_stocks,
        "refused": [(refusal_in_words(reason), f"{count:,}") for reason, count in health.refused.items()],
        "refused_count": f"{health.refused_count:,}", "refused_days": REFUSED_DAYS,
    }


def _left(stock: Stock) -> str:
    return capped(stock.left) if stock.low_at * 2 <= stock.left else f"{stock.left:,}"


def overview_page(admin: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """All partners, those that need a look first."""
    partners = list(Partner.objects.order_by("pk")[:MOST_PARTNERS])
    shown = sorted(shown_health(partners), key=lambda each: not each["needs_a_look"])
    strangers = refused_calls([], on=business_date(timezone.now()))[NOBODY]
    request.current_app = admin.admin_site.name  # type: ignore[attr-defined]
    context = {
        **admin.admin_site.each_context(request), "opts": admin.opts, "title": _("Health of partners"), "rows": shown,
        "strangers": [(refusal_in_words(reason), f"{count:,}") for reason, count in strangers.items()],
        "refused_days": REFUSED_DAYS,
    }
    return TemplateResponse(request, "partners/health_overview.html", context)


def health_page(admin: DeskAdmin, request: HttpRequest, partner: Partner) -> HttpResponse:
    """One partner's figures, each leading to what it counts."""
    return show_page(
        admin, request, "partners/health.html", partner, partner=partner, shown=shown_health([partner])[0],
        title=_("Health: %(partner)s") % {"partner": partner},
    )
