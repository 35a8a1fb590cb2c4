"""What was allowed a line for a time (increases, exclusions, pauses) ends before its time, which is done alone."""

from datetime import date, timedelta
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import LineTermsError, ReasonMissingError
from credit.models import BlockingExclusion, OverduePause, TemporaryIncrease
from credit.services.lines import lock_line
from operations.audit import because
from operations.models import User

DAY = timedelta(days=1)
E = TypeVar("E", BlockingExclusion, OverduePause, TemporaryIncrease)


@transaction.atomic
def end_exception(
    exception: E, *, last_day: date | None = None, on: date, actor: User | None, reason: str
) -> E:
    """Let it hold until that day; None: at once, so that yesterday was its last. A repeat changes nothing.

    What has not begun holds on no day. Raises LineTermsError for an earlier day or a later one than there is,
    ReasonMissingError.
    """
    if not reason.strip():
        raise ReasonMissingError
    lock_line(exception.line_id)
    exception = type(exception)._default_manager.get(pk=exception.pk)
    first = max(on, exception.starts_on) - DAY
    last = first if last_day is None else last_day
    if last < first:
        raise LineTermsError(_("It is ended with yesterday or a later day."))
    if last > exception.ends_on:
        raise LineTermsError(_("It ends on %(day)s, and is not made longer.") % {"day": exception.ends_on})
    exception.ends_on = last
    with because(reason.strip(), actor=actor):
        exception.save(update_fields=["ends_on"])
    return exception
