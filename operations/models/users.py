"""The people who work at the desk (a member of a programme is no user)."""

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext_lazy as _

from operations.audit import track


@track(exclude=["password", "last_login"])
class User(AbstractUser):
    """An operator, controller, manager, approver or auditor."""

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined,misc]
        verbose_name = _("user")  # type: ignore[assignment]
        verbose_name_plural = _("users")  # type: ignore[assignment]
