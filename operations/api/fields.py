"""What addresses and bodies of the API are made of: types that refuse, with a word of why, what cannot be kept.

`def redeem(request: HttpRequest, payload: Redeem, key: IdempotencyKey) -> ...`; in a Schema: `note: Text200 = ""`.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from annotated_types import Ge, Le
from django.utils.translation import gettext as _
from ninja import Header
from pydantic import AfterValidator, Field, StringConstraints

from operations.dates import FIRST_DATE

#: No business date is later.
LAST_DATE = date(2199, 12, 31)
#: Anything but control characters; JSON Schema reads it as pydantic does.
PLAIN = r"^[^\x00-\x1f\x7f]*$"


def _business_date(day: date) -> date:
    if not FIRST_DATE <= day <= LAST_DATE:
        raise ValueError(
            _("A date from %(first)s to %(last)s is expected here.") % {"first": FIRST_DATE, "last": LAST_DATE}
        )
    return day


#: A record's number.
Id = Annotated[int, Ge(1), Le(2**63 - 1)]
#: A count of things or points.
Count = Annotated[int, Ge(1), Le(2**31 - 1)]
#: Yuan and fen.
Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]
#: A business date, as 2027-01-15.
Day = Annotated[date, AfterValidator(_business_date)]
#: The name of something in a programme or catalogue.
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
#: A line of text that is shown to people.
Text200 = Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)]
#: The header of every POST that changes something: the same key with the same body gives the first answer again.
IdempotencyKey = Annotated[
    str,
    Header(
        ..., alias="Idempotency-Key", pattern=r"^[!-~]{1,64}$",
        description="1 to 64 printable ASCII characters, chosen by the caller, unique for ever. A repeat returns the "
        "first result; the same key with another body is a 409.",
    ),
]
