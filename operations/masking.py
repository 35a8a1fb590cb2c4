"""Personal data, masked for the screen: the Python twins of the SQL functions of the same names.

The audit trail is masked by the database (operations.audit), pages by these; a test compares the two.
"""

from collections.abc import Callable


def mask_name(name: str) -> str:
    """王小明 -> 王**"""
    return f"{name[0]}**" if name else ""


def mask_mobile(mobile: str) -> str:
    """13800138000 -> 138****8000"""
    if not mobile:
        return ""
    # A short number would show whole between its first three and last four digits.
    return f"{mobile[:3]}****{mobile[-4:]}" if len(mobile) >= 11 else f"{mobile[0]}****"


def mask_email(email: str) -> str:
    """amy@x.com -> a***@x.com"""
    _local, at, domain = email.partition("@")
    return f"{email[0]}***{at}{domain}" if email else ""


#: The mask of each kind of personal data.
MASKS: dict[str, Callable[[str], str]] = {"name": mask_name, "mobile": mask_mobile, "email": mask_email}
#: What a masked value looks like, so that one out of an export is never taken for the value itself.
MASKED = {"name": r".\*\*", "mobile": r".{0,3}\*{4}.{0,4}", "email": r".\*{3}(@.*)?"}
