"""The people of the desk and their groups. Who may grant rights is a superuser; others keep to names."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from operations.admin.base import DeskAdmin
from operations.admin.history import HistorySource, own_history, satellites
from operations.admin.search import SearchKind
from operations.admin.sign_in import SignInMixin
from operations.models import GroupName, GroupRight, SecondFactor, SignInLock, User, UserGroup, UserRight
from operations.proofs import demand_proof

#: What makes somebody mighty: granting it would be granting it to oneself.
RIGHTS = ("is_superuser", "is_staff", "groups", "user_permissions")

admin.site.unregister(Group)


def is_approver(user: User) -> bool:
    """Whether somebody decides about requests, or would if they were active."""
    return Permission.objects.filter(
        Q(user=user) | Q(group__user=user), content_type__app_label="operations", codename="decide_approval"
    ).exists()


def _by_username(term: str) -> Q:
    return Q(username__startswith=term)


@admin.register(User)
class UserAdmin(SignInMixin, BaseUserAdmin, DeskAdmin):  # type: ignore[misc, type-arg]
    """Users are made inactive, not deleted: what they did names them."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    ordering = ("username",)
    sortable_by = ("username",)
    search_fields = ()
    index_search = (SearchKind(_("beginning of the username"), _by_username, is_free=True),)
    actions_detail = ("unlock", "reset_second_factor")
    has_personal_data = True

    def history_sources(self, record: Model) -> list[HistorySource]:
        return [*own_history(record), *satellites(record, "user", UserGroup, UserRight, SecondFactor, SignInLock)]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers and approvers are changed (and given a new password) by superusers only.

        Who could sign in as an approver would be the second person of their own requests.
        """
        if isinstance(obj, User) and not request.user.is_superuser and (obj.is_superuser or is_approver(obj)):
            return False
        return bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        rights = () if request.user.is_superuser else RIGHTS
        return (*super().get_readonly_fields(request, obj), "last_login", "date_joined", *rights)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new user, rights and who may sign in: not before whoever asks has proved who they are."""
        if not change or {*RIGHTS, "is_active"} & set(form.changed_data):
            demand_proof(at=timezone.now())
        super().save_model(request, obj, form, change)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Somebody else's password: who sets it could sign in as them."""
        if request.method == "POST":
            demand_proof(at=timezone.now())
        return super().user_change_password(request, id, form_url)


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, DeskAdmin):  # type: ignore[misc]
    """Groups are bundles of rights, so superusers alone change them."""

    ordering = ("name",)
    search_fields = ()

    def history_sources(self, record: Model) -> list[HistorySource]:
        return [*satellites(record, "pgh_obj_id", GroupName), *satellites(record, "group", GroupRight)]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Its rights are those of all its people."""
        demand_proof(at=timezone.now())
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        demand_proof(at=timezone.now())
        super().delete_model(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)
