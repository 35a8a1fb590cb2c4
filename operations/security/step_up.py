"""A proof asked for again: before money and personal data the person at the keyboard says once more who they are.

A service demands it (operations/proofs.py), whichever page calls it. The middleware then asks for password or code, on
a page that keeps what was sent, and sends it on: nothing that was typed is lost.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from operations.errors import PlusdeskError
from operations.models import SignInLock, User
from operations.proofs import ProofNeeded, proved_at
from operations.security.addresses import client_address
from operations.security.lockout import locked_response
from operations.security.sessions import last_proof, note_proof, page_before
from operations.services.second_factor import CodeRefusedError, factor_of, take_code
from operations.services.sign_in import forget_failures, locked_until, note_failure

#: The field of the page that asks; no form of ours has one of that name.
FIELD = "proof_asked_again"
PROOF = SignInLock.Kind.PROOF
#: Fields whose text stands in no page; they are typed again.
SECRETS = re.compile(r"(?<!usable_)password\d?$|^secret$")


class ProofRefusedError(PlusdeskError):
    """It is not the password."""

    def __init__(self) -> None:
        super().__init__(_("This is not your password."))


class LockedError(PlusdeskError):
    """Too many wrong ones."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__(_("There were too many failed attempts."))


def prove(request: HttpRequest, text: str, *, at: datetime) -> None:
    """Take the code of who has a second factor, the password of who has none; wrong ones lead to the lockout.

    ProofRefusedError, CodeRefusedError, LockedError.
    """
    user, address = cast(User, request.user), client_address(request)
    if until := locked_until(user.get_username(), address, at=at, kind=PROOF):
        raise LockedError(until)
    try:
        if factor_of(user) is not None:
            take_code(user, text, at=at)
        elif not user.check_password(text):
            raise ProofRefusedError
    except (CodeRefusedError, ProofRefusedError):
        if until := note_failure(user.get_username(), address, at=at, kind=PROOF):
            raise LockedError(until) from None
        raise
    forget_failures(user, kind=PROOF)
    note_proof(request, at=at)


class StepUpMiddleware:
    """Tells services when the person proved who they are; where that is too long ago, asks, and goes on from there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return self.get_response(request)
        token = proved_at.set(last_proof(request.session))
        try:
            return self.get_response(request)
        finally:
            proved_at.reset(token)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """What came back from the page that asked: with the proof the view gets what was sent to it at first."""
        # The body is read of people only: what an API is sent it judges itself.
        if not request.user.is_authenticated or FIELD not in request.POST:
            return None
        sent = request.POST.copy()
        text = str(sent.pop(FIELD)[-1])
        request.POST = sent  # type: ignore[assignment]
        at = timezone.now()
        try:
            prove(request, text, at=at)
        except LockedError as error:
            return locked_response(request, error.until)
        except PlusdeskError as error:
            return proof_page(request, error=str(error))
        proved_at.set(at)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return proof_page(request) if isinstance(exception, ProofNeeded) else None


def proof_page(request: HttpRequest, *, error: str = "") -> HttpResponse:
    """The page that asks; what was sent goes along, but for secrets, and for files, which no browser sends twice."""
    from django.contrib import admin

    kept = [
        (name, value) for name, values in request.POST.lists() if not SECRETS.search(name) for value in values
        if name != "csrfmiddlewaretoken"
    ]
    page = {
        **admin.site.each_context(request), "title": _("Is it you?"), "kept": kept, "field": FIELD, "error": error,
        "has_factor": factor_of(cast(User, request.user)) is not None, "has_files": bool(request.FILES),
        "has_secrets": any(map(SECRETS.search, request.POST)),
        "back_url": page_before(request), "minutes": settings.STEP_UP_MINUTES,
    }
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    answer = TemplateResponse(request, "operations/proof.html", page, status=403)
    add_never_cache_headers(answer)
    return answer
