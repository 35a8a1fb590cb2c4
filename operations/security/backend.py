"""Passwords, behind the lockout; and each user with their second factor, in the one query that reads them."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from operations.models import User
from operations.security.addresses import client_address
from operations.services.sign_in import forget_failures, locked_until, note_failure


class DeskBackend(ModelBackend):
    """A locked name or address is refused before its password is looked at; `request.locked_until` says until when."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if not username or password is None:
            return None
        at, address = timezone.now(), client_address(request)
        until = locked_until(username, address, at=at)
        if until is None:
            user = super().authenticate(request, username=username, password=password)
            if user is not None:
                forget_failures(user)
                return user
            until = note_failure(username, address, at=at)
        if until is not None:
            if request is not None:
                request.locked_until = until  # type: ignore[attr-defined]
            raise PermissionDenied
        return None

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("second_factor").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
