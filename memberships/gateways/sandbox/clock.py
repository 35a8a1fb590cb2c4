"""The gateway's clock, which a story may set."""

from datetime import UTC, datetime, timedelta

from memberships.gateways.sandbox.signing import TOLERANCE


class Clock:
    """Runs on from the instant it was set to; bookings bear its time."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def set(self, at: datetime | None) -> None:
        """To that instant; None: the machine's time again."""
        self._ahead = at - datetime.now(UTC) if at else timedelta()

    def is_recent(self, timestamp: str) -> bool:
        """Whether a request's time (seconds since 1970) is near ours, or near the machine's."""
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 11:
            return False
        at = int(timestamp)
        real = datetime.now(UTC)
        return any(
            abs(now.timestamp() - at) <= TOLERANCE.total_seconds() for now in (real, real + self._ahead)
        )
