"""What partners did for what members chose: a use of it, so that it is not exchanged any more (benefits/uses.py)."""

from collections.abc import Iterable, Sequence

from benefits.uses import OptionSpan
from partners.services import statements


class FulfilledUses:
    """Options that a partner made active for a member, as far as it has said so."""

    name = "fulfilments"

    def find(self, member_id: int, spans: Sequence[OptionSpan]) -> Iterable[tuple[int, int]]:
        """One statement."""
        rows: list[tuple[int, int]] = statements.rows(
            "fulfilments/made_active", member=member_id, groups=[span.group for span in spans],
            benefits=[span.benefit for span in spans], firsts=[span.first for span in spans],
            afters=[span.after for span in spans],
        )
        return rows
