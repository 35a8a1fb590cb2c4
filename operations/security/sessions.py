"""How long a session lasts: not past SESSION_IDLE_MINUTES without a person doing anything, nor past SESSION_HOURS."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

#: What a session remembers, in seconds of Unix time.
BEGAN, SEEN, PROVED = "began_at", "seen_at", "proved_at"
#: A session is written when it was last written so long ago: not on each request.
SELDOM = timedelta(minutes=1)
#: Why a session ended, as the page of sign-in is told.
ENDED = "ended"
IDLE, OVER = "idle", "hours"


@receiver(user_logged_in, dispatch_uid="begin_session")
def begin(sender: Any, request: HttpRequest, **_signal: Any) -> None:
    """A session begins with a sign-in, which proves who it is."""
    now = timezone.now().timestamp()
    request.session.update({BEGAN: now, SEEN: now, PROVED: now})


def note_proof(request: HttpRequest, *, at: datetime) -> None:
    """The person has just proved who they are."""
    request.session[PROVED] = at.timestamp()


def last_proof(session: SessionBase) -> datetime:
    """When the person last proved who they are."""
    return datetime.fromtimestamp(session.get(PROVED, 0), tz=timezone.get_default_timezone())


def ends(session: SessionBase) -> dict[str, datetime]:
    """When a session ends without a person doing anything, and when at the latest."""
    zone = timezone.get_default_timezone()
    return {
        IDLE: datetime.fromtimestamp(session.get(SEEN, 0), zone) + timedelta(minutes=settings.SESSION_IDLE_MINUTES),
        OVER: datetime.fromtimestamp(session.get(BEGAN, 0), zone) + timedelta(hours=settings.SESSION_HOURS),
    }


def seconds_left(request: HttpRequest) -> dict[str, int]:
    """Seconds until either of them."""
    now = timezone.now()
    return {why: max(0, round((end - now).total_seconds())) for why, end in ends(request.session).items()}


def see(session: SessionBase, *, at: datetime) -> None:
    """Somebody is there."""
    if at.timestamp() - session.get(SEEN, 0) >= SELDOM.total_seconds():
        session[SEEN] = at.timestamp()


def is_by_hand(request: HttpRequest) -> bool:
    """Whether a person asked for it; a script of ours that looks for progress says so in this header of browsers."""
    return request.headers.get("Sec-Fetch-Dest", "document") == "document"


class SessionLimitMiddleware:
    """Ends sessions in time, and leads back to the page after the next sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without the cookie there is no session, as with all requests of programs.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = timezone.now()
            over = next((why for why, at in ends(request.session).items() if at <= now), None)
            if over is not None:
                # The page that a script of ours then loads anew is to be told why, so that its request ends it.
                if is_by_hand(request):
                    logout(request)
                return HttpResponseRedirect(sign_in_url(request, over))
            if is_by_hand(request):
                see(request.session, at=now)
        return self.get_response(request)


def sign_in_url(request: HttpRequest, why: str) -> str:
    """Where to sign in again, and go on: at this page, or at the one whose form was sent."""
    asked = {"next": request.get_full_path() if request.method == "GET" else page_before(request), ENDED: why}
    return f"{reverse('admin:login')}?{urlencode(asked)}"


def page_before(request: HttpRequest) -> str:
    """The page of ours that the request was sent from; the overview where the browser does not say."""
    before = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        return reverse("admin:index")
    parts = urlsplit(before)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
