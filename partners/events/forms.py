"""What the data of events is made of."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

#: No event happened before or after.
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)


def _text(value: Any) -> Any:
    """A number would be taken for seconds, or for milliseconds: nobody should guess."""
    if not isinstance(value, str):
        raise ValueError(_("An instant is expected here, as 2027-01-15T08:00:00+08:00."))
    return value


def _plausible(instant: datetime) -> datetime:
    if not FIRST <= instant <= LAST:
        raise ValueError(
            _("An instant from %(first)s to %(last)s is expected here.") % {"first": FIRST.date(), "last": LAST.date()}
        )
    return instant


#: As 2027-01-15T08:00:00+08:00, with its time zone.
Instant = Annotated[AwareDatetime, BeforeValidator(_text), AfterValidator(_plausible)]
#: A number, code or name that machines use: printable ASCII without blanks.
Word = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
#: The same, as short as our own are.
Key = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
#: A whole number from 1 on; true is none, nor is "1".
Counter = Annotated[int, Field(ge=1, le=2**63 - 1, strict=True)]
