"""What a roll-up is: figures of the whole house that would take seconds to add up, measured by a job and kept.

A floor registers its own (registry.roll_ups); `rollup_jobs.py` measures them, `services/rollups.py` keeps and reads.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.functional import Promise

#: By scope ("" for everything, or the key of a record): figures by name. Amounts are decimals, the rest whole numbers.
Measured = Mapping[str, Mapping[str, Any]]


class RollUp:
    """Figures that belong together and are true at one instant."""

    name: str
    label: str | Promise
    #: Nightly jobs whose work of the date it tells of.
    after: tuple[str, ...] = ()
    #: By day it is measured anew so often; None: by night only.
    every: timedelta | None = None

    def measure(self, *, on: date, at: datetime) -> Measured:
        """The figures of a business date, from the facts as they are. Reads only."""
        raise NotImplementedError
