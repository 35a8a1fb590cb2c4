"""Progress in words: the JSON that static/operations/live.js asks for, and what a page shows at first."""

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations.services.imports import Progress


def describe(progress: Progress, *, version: str) -> dict[str, Any]:
    """Numbers for the bar, words for people; a page whose `version` is another is fetched again."""
    return {
        "version": version,
        "done": progress.rows_done,
        "total": progress.rows_total,
        "count": _count(progress.rows_done, progress.rows_total),
        "rate": _rate(progress.rows_per_second),
        "left": _left(progress.seconds_left),
    }


def _count(done: int, total: int | None) -> str:
    if not total:
        return number_format(done)
    return _("%(done)s of %(total)s (%(share)s%%)") % {
        "done": number_format(done), "total": number_format(total), "share": min(100, done * 100 // total)
    }


def _rate(per_second: float | None) -> str:
    if not per_second:
        return ""
    return _("%(count)s per second") % {"count": number_format(round(per_second) or 1)}


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        whole = max(1, round(seconds))
        words = ngettext("about %(count)s second left", "about %(count)s seconds left", whole)
        return words % {"count": whole}
    minutes = round(seconds / 60)
    if minutes < 60:
        words = ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes)
        return words % {"count": minutes}
    hours, rest = divmod(minutes, 60)
    return _("about %(hours)s h %(minutes)s min left") % {"hours": hours, "minutes": rest}
