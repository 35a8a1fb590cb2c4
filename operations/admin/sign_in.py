"""Who is locked out, and letting them in again; what the page of a user says of their sign-in."""

from datetime import datetime
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from operations.admin.approval_pages import waits_in_words
from operations.admin.base import DeskAdmin, ReadOnlyAdmin
from operations.admin.reasons import ReasonForm, ask, record_url
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.models import Approval, SecondFactor, SignInLock, User
from operations.services import approvals
from operations.services.second_factor import factor_of, recovery_codes_left
from operations.services.sign_in import unlock
from operations.sign_in_actions import ResetSecondFactor

READ, UNLOCK, RESET = "operations.read_signinlock", "operations.unlock_signinlock", "operations.reset_secondfactor"


def unlock_page(
    model_admin: DeskAdmin, request: HttpRequest, record: SignInLock | User, locks: Q, *, note: Any
) -> HttpResponse:
    """Ask why, then unlock."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            unlock(locks, reason=form.cleaned_data["reason"], actor=cast(User, request.user), at=timezone.now())
        except PlusdeskError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Unlocked. Signing in is possible again at once."))
        return HttpResponseRedirect(record_url(record))
    return ask(model_admin, request, record, form, title=_("Unlock"), submit_label=_("Unlock"), note=note)


class LockedFilter(admin.SimpleListFilter):
    """Those that hold now."""

    title = gettext_lazy("locked now")
    parameter_name = "locked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("yes"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SignInLock]) -> QuerySet[SignInLock]:
        return queryset.holding(at=timezone.now()) if self.value() == "yes" else queryset  # type: ignore[attr-defined]


class FactorFilter(admin.SimpleListFilter):
    """Who has a second factor, and who has none."""

    title = gettext_lazy("second factor")
    parameter_name = "second_factor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("yes")), ("none", gettext_lazy("none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() not in ("yes", "none"):
            return queryset
        return queryset.filter(second_factor__isnull=self.value() == "none")


@admin.register(SignInLock)
class SignInLockAdmin(ReadOnlyAdmin):
    """`read_signinlock` reads, `unlock_signinlock` unlocks."""

    list_display = ("who", "kind", "failures", "failed_at", "state")
    list_filter = (LockedFilter,)
    list_select_related = ("user",)
    fields = ("who", "kind", "failures", "failed_at", "until")
    readonly_fields = ("who", "until")
    actions_detail = ("unlock",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(READ)

    @admin.display(description=gettext_lazy("who"))
    def who(self, lock: SignInLock) -> str:
        return str(lock)

    @display(description=gettext_lazy("state"), label={"locked": "danger", "open": "info"})
    def state(self, lock: SignInLock) -> tuple[str, str]:
        at = lock.locked_until
        return ("locked" if at and at > timezone.now() else "open"), self.until(lock)

    @admin.display(description=gettext_lazy("state"))
    def until(self, lock: SignInLock) -> str:
        at = lock.locked_until
        return locked_in_words(at) if at and at > timezone.now() else _("not locked")

    def has_unlock_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(UNLOCK)

    @action(description=gettext_lazy("Unlock"), url_path="unlock", icon="lock_open", permissions=["unlock"])
    def unlock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        lock = self.get_object(request, object_id)
        if lock is None:
            raise Http404
        return unlock_page(self, request, lock, Q(pk=lock.pk), note=_("The failures are counted anew from none."))


def locked_in_words(until: datetime) -> str:
    """"locked until 14:05:10"."""
    return _("locked until %(until)s") % {"until": date_format(localtime(until), "Y-m-d H:i:s")}


class SignInMixin(DeskAdmin):
    """What the page of a user says of second factor and lockout, to those who may see it, and what is done about it."""

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)
        return (*shown, "factor_column", "lock_column") if request.user.has_perm(READ) else shown

    def get_list_filter(self, request: HttpRequest) -> Any:
        shown = super().get_list_filter(request)
        return (*shown, FactorFilter) if request.user.has_perm(READ) else shown

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        held = SignInLock.objects.holding(at=timezone.now()).filter(user=OuterRef("pk"))
        users: QuerySet[User] = super().get_queryset(request)
        return users.select_related("second_factor").annotate(is_locked=Exists(held))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        if obj is None or not request.user.has_perm(READ):
            return shown
        return [*shown, (gettext_lazy("Signing in"), {"fields": ("factor_words", "lock_words")})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "factor_words", "lock_words")

    @display(description=gettext_lazy("second factor"), label={"yes": "success", "no": "warning"})
    def factor_column(self, user: User) -> tuple[str, str]:
        return ("yes", _("yes")) if factor_of(user) else ("no", _("none"))

    @display(description=gettext_lazy("locked out"), label={"locked": "danger"})
    def lock_column(self, user: User) -> tuple[str, str] | str:
        return ("locked", _("locked")) if user.is_locked else "–"  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("second factor"))
    def factor_words(self, user: User) -> str:
        factor = factor_of(user)
        if factor is None:
            return _("none")
        return _("since %(day)s; recovery codes left: %(left)s") % {
            "day": date_format(localtime(factor.enrolled_at), "Y-m-d"), "left": recovery_codes_left(factor)
        }

    @admin.display(description=gettext_lazy("locked out"))
    def lock_words(self, user: User) -> str:
        held = SignInLock.objects.holding(at=timezone.now()).filter(user=user).order_by("-locked_until").first()
        return locked_in_words(held.locked_until) if held and held.locked_until else _("no")

    # --- letting in again

    def has_unlock_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        held = SignInLock.objects.holding(at=timezone.now())
        return request.user.has_perm(UNLOCK) and (object_id is None or held.filter(user=_key(object_id)).exists())

    @action(description=gettext_lazy("Unlock"), url_path="unlock", icon="lock_open", permissions=["unlock"])
    def unlock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._person(request, object_id)
        return unlock_page(self, request, user, Q(user=user), note=_("Make sure that it is they who ask."))

    # --- a lost phone

    def has_reset_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """For somebody else who has one."""
        factors = SecondFactor.objects.filter(user=_key(object_id)).exclude(user=request.user.pk)
        return request.user.has_perm(RESET) and (object_id is None or factors.exists())

    @action(
        description=gettext_lazy("Reset the second factor"), url_path="reset-second-factor", icon="phonelink_erase",
        permissions=["reset"],
    )
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; another person approves it."""
        user, form = self._person(request, object_id), ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            at = timezone.now()
            try:
                asked = approvals.ask(
                    ResetSecondFactor.name, {"user": user.pk}, actor=cast(User, request.user),
                    reason=form.cleaned_data["reason"], on=business_date(at), at=at,
                )
            except PlusdeskError as error:
                messages.error(request, str(error))
            else:
                messages.warning(request, waits_in_words(cast(Approval, asked)))
            return HttpResponseRedirect(record_url(user))
        return ask(
            self, request, user, form, title=_("Reset the second factor"), submit_label=_("Ask for it"),
            note=_("For a lost phone. Make sure that it is they who ask: until they set up another one, their password"
                   " alone signs in. Another person has to approve it."),
        )

    def _person(self, request: HttpRequest, object_id: str) -> User:
        user = self.get_object(request, object_id)
        if user is None:
            raise Http404
        return cast(User, user)


def _key(object_id: str | None) -> int | None:
    return int(object_id) if object_id and object_id.isascii() and object_id.isdecimal() else None
