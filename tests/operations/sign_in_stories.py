"""What the tests of signing in share: a browser that types a password, and a phone that shows codes."""

from base64 import b32decode
from datetime import datetime

from django.test import Client
from django_otp.oath import TOTP

from operations.models import User
from operations.services.second_factor import STEP, enrol, new_key

PASSWORD = "a-long-enough-password"
LOGIN, VERIFY, ENROL = "/admin/login/", "/admin/second-factor/verify/", "/admin/second-factor/"


def a_person(username: str = "xiaomei", **facts: object) -> User:
    """Somebody of the desk whose password is known."""
    return User.objects.create_user(username, password=PASSWORD, is_staff=True, **facts)


def a_browser() -> Client:
    """In English, since tests quote the pages."""
    return Client(headers={"accept-language": "en"})


def type_password(browser: Client, username: str, password: str = PASSWORD, *, wanted: str = "/admin/") -> int:
    """Sign in by hand; the status of the answer."""
    sent = {"username": username, "password": password, "next": wanted}
    return int(browser.post(f"{LOGIN}?next={wanted}", sent).status_code)


def code_of(key: str, *, at: datetime) -> str:
    """What a phone with this key shows at an instant."""
    codes = TOTP(b32decode(key), step=STEP)
    codes.time = at.timestamp()
    return f"{codes.token():06d}"


def with_phone(user: User, *, at: datetime) -> tuple[str, list[str]]:
    """Enrol the user; the key that their phone holds, and the recovery codes."""
    key = new_key()
    return key, enrol(user, key, code_of(key, at=at), at=at)
