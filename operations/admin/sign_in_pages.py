"""Pages around signing in: the second factor after the password, one's own second factor, and how long one stays."""

from typing import Any, NamedTuple, cast

import qrcode
from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from unfold.widgets import UnfoldAdminTextInputWidget

from operations.crypto import SecretsError, open_sealed, seal
from operations.errors import PlusdeskError
from operations.models import SecondFactor, User
from operations.proofs import demand_proof
from operations.security.lockout import locked_response
from operations.security.second_factor import PROVED_FACTOR, is_required
from operations.security.sessions import ENDED, IDLE, OVER, seconds_left, see
from operations.security.step_up import LockedError, prove
from operations.services.second_factor import (
    enrol,
    enrolment_uri,
    factor_of,
    new_key,
    recovery_codes_left,
    remove_factor,
    renew_recovery_codes,
)

#: In the session of who is enrolling: the key that their phone was shown, sealed.
NEW_KEY = "second_factor_key"


class CodeForm(forms.Form):
    """A code of the phone, or a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("One-time code"), max_length=20,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


def sign_in_urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of these pages, for `DeskSite`."""
    pages = {
        "second-factor/": (second_factor_view, "second_factor"),
        "second-factor/verify/": (verify_view, "second_factor_verify"),
        "session/": (session_view, "session"),
    }
    return [
        path(address, site.admin_view(_for(site, sensitive_post_parameters()(view))), name=name)
        for address, (view, name) in pages.items()
    ]


def _for(site: AdminSite, view: Any) -> Any:
    """The view, with the site that it belongs to."""

    def page(request: HttpRequest) -> HttpResponse:
        request.current_app = site.name  # type: ignore[attr-defined]
        return cast(HttpResponse, view(request, site))

    return page


def why_ended(request: HttpRequest) -> str:
    """Why somebody has to sign in again, in words; blank where they come by themselves."""
    words = {
        IDLE: _("You were signed out, since nothing was done for a while. Sign in, and you are back at your page."),
        OVER: _("You were signed out, since a session lasts no longer. Sign in, and you are back at your page."),
    }
    return words.get(request.GET.get(ENDED, ""), "")


# --- the step after the password

def verify_view(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Ask for the code; until it came, no other page is open (security/second_factor.py)."""
    factor = factor_of(cast(User, request.user))
    if factor is None or request.session.get(PROVED_FACTOR) == factor.pk:
        return HttpResponseRedirect(_next(request))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            prove(request, form.cleaned_data["code"], at=timezone.now())
        except LockedError as error:
            return locked_response(request, error.until)
        except PlusdeskError as error:
            form.add_error("code", str(error))
        else:
            request.session.cycle_key()
            request.session[PROVED_FACTOR] = factor.pk
            return HttpResponseRedirect(_next(request))
    return _page(request, site, "operations/second_factor_verify.html", form, title=_("Second factor"))


# --- one's own second factor

@sensitive_variables()
def second_factor_view(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Enrol, and be shown the recovery codes once; later, new codes or none of it any more."""
    factor = factor_of(cast(User, request.user))
    return _enrol(request, site) if factor is None else _manage(request, site, factor)


@sensitive_variables()
def _enrol(request: HttpRequest, site: AdminSite) -> HttpResponse:
    user, key = cast(User, request.user), _new_key(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # Who finds a desk open would else prove everything from then on by a phone of their own.
        demand_proof(at=timezone.now())
        try:
            codes = enrol(user, key, form.cleaned_data["code"], at=timezone.now())
        except PlusdeskError as error:
            form.add_error("code", str(error))
        else:
            del request.session[NEW_KEY]
            return _show_codes(request, site, codes)
    return _page(
        request, site, "operations/second_factor_enrol.html", form, title=_("Set up your second factor"),
        key=_spaced(key), qr=_qr(enrolment_uri(user, key)), is_required=is_required(),
    )


@sensitive_variables()
def _manage(request: HttpRequest, site: AdminSite, factor: SecondFactor) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            prove(request, form.cleaned_data["code"], at=timezone.now())
            if request.POST.get("does") != "remove":
                return _show_codes(request, site, renew_recovery_codes(factor.user))
            return _remove(request, factor.user)
        except LockedError as error:
            return locked_response(request, error.until)
        except PlusdeskError as error:
            form.add_error("code", str(error))
    return _page(
        request, site, "operations/second_factor.html", form, title=_("Your second factor"), factor=factor,
        codes_left=recovery_codes_left(factor), is_required=is_required(),
    )


def _remove(request: HttpRequest, user: User) -> HttpResponse:
    """Only where nobody needs one: elsewhere a lost phone is another person's matter, too."""
    if is_required():
        messages.error(request, _("A second factor is required here. Another person can ask to reset yours."))
        return HttpResponseRedirect(reverse("admin:second_factor"))
    remove_factor(user, reason=_("removed by its user"), actor=user)
    _stay(request)
    messages.success(request, _("Your second factor is removed. Your password alone signs you in."))
    return HttpResponseRedirect(reverse("admin:index"))


def _show_codes(request: HttpRequest, site: AdminSite, codes: list[str]) -> HttpResponse:
    """The only page that ever shows them."""
    _stay(request)
    return _page(
        request, site, "operations/second_factor_codes.html", None, title=_("Recovery codes"), codes=codes,
    )


def _stay(request: HttpRequest) -> None:
    """This session goes on with what the second factor is now; the user's other sessions have ended."""
    user = User.objects.select_related("second_factor").get(pk=cast(User, request.user).pk)
    factor = factor_of(user)
    update_session_auth_hash(request, user)
    request.session[PROVED_FACTOR] = factor.pk if factor else None


def _new_key(request: HttpRequest) -> str:
    """The key of this enrolment: the same until it is done, since the phone may have it already."""
    sealed = request.session.get(NEW_KEY)
    try:
        return open_sealed(bytes.fromhex(sealed or ""))
    except SecretsError:
        key = new_key()
        request.session[NEW_KEY] = seal(key).hex()
        return key


class Picture(NamedTuple):
    """A QR code as an SVG draws it: so many squares wide, and the path over those that are black."""

    width: int
    path: str


def _qr(text: str) -> Picture:
    """The text as a QR code; drawn here, so that the key goes nowhere."""
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    squares = code.get_matrix()
    black = [(x, y) for y, row in enumerate(squares) for x, is_black in enumerate(row) if is_black]
    return Picture(len(squares), "".join(f"M{x} {y}h1v1h-1z" for x, y in black))


def _spaced(key: str) -> str:
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))


# --- how long one stays

def session_view(request: HttpRequest, site: AdminSite) -> JsonResponse:
    """Seconds until the session ends, for static/operations/session.js; a POST says that somebody is there."""
    if request.method == "POST":
        see(request.session, at=timezone.now())
    return JsonResponse(seconds_left(request))


def _page(
    request: HttpRequest, site: AdminSite, template: str, form: forms.Form | None, *, title: str, **context: Any
) -> HttpResponse:
    page = {**site.each_context(request), "title": title, "form": form, "next": _next(request), **context}
    return TemplateResponse(request, template, page, status=422 if form is not None and form.errors else 200)


def _next(request: HttpRequest) -> str:
    """Where to go on: at the page that was wanted, if it is one of ours."""
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")
