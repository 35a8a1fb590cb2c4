"""The people who work at the desk (a member of a programme is no user)."""

from django.contrib.auth.models import AbstractUser, Group
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from operations.audit import track


@track(exclude=["password", "last_login"])
class User(AbstractUser):
    """An operator, controller, manager, approver or auditor."""

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined,misc]
        verbose_name = _("user")  # type: ignore[assignment]
        verbose_name_plural = _("users")  # type: ignore[assignment]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session holds of the user's password and second factor: it ends when either is another one."""
        factor = getattr(self, "second_factor", None)
        proved = f"{self.password} {factor.pk if factor else ''}"
        return salted_hmac("operations.models.users.session", proved, secret=secret, algorithm="sha256").hexdigest()


class _Granted:
    """Rights are Django's tables; a proxy keeps the trail of each."""

    class Meta:
        proxy = True
        default_permissions = ()


@track(owner="user")
class UserGroup(User.groups.through):  # type: ignore[name-defined,misc]
    """A user in a group."""

    class Meta(_Granted.Meta):
        verbose_name = _("membership of a group")


@track(owner="user")
class UserRight(User.user_permissions.through):  # type: ignore[name-defined,misc]
    """A right that a user has without a group."""

    class Meta(_Granted.Meta):
        verbose_name = _("right of a user")


@track()
class GroupName(Group):
    """A group, by its name."""

    class Meta(_Granted.Meta):
        app_label = "operations"
        verbose_name = _("group")


@track(owner="group")
class GroupRight(Group.permissions.through):  # type: ignore[name-defined,misc]
    """A right that a group gives."""

    class Meta(_Granted.Meta):
        app_label = "operations"
        verbose_name = _("right of a group")
