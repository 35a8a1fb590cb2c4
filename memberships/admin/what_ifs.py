"""What pages show of a what-if: how far it is counted, then its tables and charts; reads only."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from memberships.admin.tier_pages import forecast_context
from memberships.models import ProgrammeRevision, TierGroup, WhatIf
from memberships.services.revisions import APPLY_REVISION
from memberships.services.what_ifs import forecast_of, is_about, latest, outlines_of
from operations.admin.approval_pages import PANELS, Panel
from operations.admin.job_pages import live_progress, run_url
from operations.dates import business_date
from operations.models import Approval

State = ProgrammeRevision.State
#: What a revision would make of the members is asked before it takes effect.
ASKED_OF = (State.DRAFT, State.SUBMITTED, State.APPROVED)


@dataclass(frozen=True)
class ShownWhatIf:
    """For templates/memberships/what_if.html."""

    what_if: WhatIf | None
    #: none, working, stopped, counted.
    state: str = "none"
    #: It was asked for another file or day, or before other files were approved.
    is_other: bool = False
    live: dict[str, Any] = field(default_factory=dict)
    #: The pages of its run; blank for those who may not see runs: their page does not follow it by itself.
    run_url: str = ""
    progress_url: str = ""
    forecasts: list[dict[str, Any]] = field(default_factory=list)


def shown_what_if(request: HttpRequest, what_if: WhatIf | None, *, at: datetime, is_other: bool = False) -> ShownWhatIf:
    """A what-if as its page shows it now."""
    if what_if is None or what_if.run is None:
        return ShownWhatIf(None)
    run = what_if.run
    if what_if.counted_at is not None:
        forecasts = [forecast_context(ladder) for ladder in forecast_of(what_if).ladders]
        return ShownWhatIf(what_if, "counted", is_other, forecasts=forecasts)
    may_follow = request.user.has_perm("operations.view_jobrun")
    return ShownWhatIf(
        what_if, "stopped" if run.is_finished else "working", is_other, live=live_progress(run, at=at),
        run_url=run_url(run) if may_follow else "",
        progress_url=reverse("admin:operations_jobrun_progress", args=[run.pk]) if may_follow else "",
    )


def of_revision(request: HttpRequest, revision: ProgrammeRevision, *, on: date, at: datetime) -> ShownWhatIf:
    """The newest what-if of a revision."""
    newest = latest(revision)
    if newest is None or revision.state not in ASKED_OF:
        return shown_what_if(request, newest, at=at)
    is_other = not is_about(newest, revision, on=max(revision.effective_on, on))
    return shown_what_if(request, newest, at=at, is_other=is_other)


def of_request(request: HttpRequest, approval: Approval) -> Panel | None:
    """On the page of a request to bring a revision into effect."""
    revision = ProgrammeRevision.objects.filter(pk=approval.payload.get("revision")).first()
    at = timezone.now()
    if revision is None:
        return None
    shown = of_revision(request, revision, on=business_date(at), at=at)
    # Taken up again, the revision may have another file than the one that this request was about.
    if shown.what_if is not None and shown.what_if.content_hash != approval.payload.get("hash"):
        shown = replace(shown, is_other=True)
    return Panel("memberships/what_if.html", shown)


def typed(group: TierGroup, key: str) -> WhatIf | None:
    """The what-if of that key, if it is about rules that somebody typed for this ladder."""
    if not (key.isascii() and key.isdecimal() and len(key) <= 18):
        return None
    asked = WhatIf.objects.select_related("run", "asked_by").filter(revision=None, programme=group.programme_id)
    found = asked.filter(pk=key).first()
    return found if found and group.code in outlines_of(found) else None


PANELS[APPLY_REVISION] = of_request
