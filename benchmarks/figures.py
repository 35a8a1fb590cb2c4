"""What a benchmark gives back, and how it is shown."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self


class BenchmarkError(Exception):
    """What was measured is not what should have been done; the message says what differs."""


def expect(what: str, found: object, expected: object) -> None:
    """BenchmarkError, and no figures, where something else was done than what is measured."""
    if found != expected:
        raise BenchmarkError(f"{what}: {found} instead of {expected}.")


@dataclass(frozen=True)
class Figures:
    """Seconds of ours and of the limit over the same rows; `more` holds what only this benchmark tells.

    `peer_ratio` is None where no other way is measured.
    """

    name: str
    rows: int
    ours_s: float
    limit_s: float
    peer_ratio: float | None
    peak_mb: float
    more: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Which part of the speed limit ours reaches; 1 is as fast as it goes."""
        return self.limit_s / self.ours_s

    def as_json(self) -> str:
        """One line, the common figures first."""
        common = {
            "name": self.name, "rows": self.rows, "ours_s": self.ours_s, "limit_s": self.limit_s, "ratio": self.ratio,
            "peer_ratio": self.peer_ratio, "peak_mb": self.peak_mb,
        }
        figures = {**common, **self.more}
        return json.dumps({key: _rounded(value) for key, value in figures.items() if value is not None})

    def as_table(self) -> str:
        """For people."""
        figures: dict[str, Any] = json.loads(self.as_json())
        title = f"{figures.pop('name')}, {figures.pop('rows'):,} rows"
        return "\n".join([title, *(f"  {key:<14}{value:>12,.3f}" for key, value in figures.items())])

    def packed(self) -> str:
        """For the process that asked."""
        return json.dumps(asdict(self))

    @classmethod
    def unpacked(cls, text: str) -> Self:
        """What `packed` gave."""
        return cls(**json.loads(text))


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
