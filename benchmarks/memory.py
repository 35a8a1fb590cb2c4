"""How much memory of its own each process has at its peak."""

import itertools
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.house import parent_of

MB = 1024  # /proc counts in kB
SAMPLES_PER_CENSUS = 5


class MemoryWatch:
    """Samples the private memory of processes and of all they start; `peak_mb` is the largest of any one.

    Private is what no other process shares: not PostgreSQL's shared buffers, not pages of programs.
    """

    def __init__(self, roots: Iterable[int], *, every: float = 0.2) -> None:
        self._roots = set(roots)
        self._every = every
        self._peaks: dict[str, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample_until_ended, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def peak_mb(self) -> float:
        return max(self._peaks.values(), default=0) / MB

    @property
    def peaks_mb(self) -> dict[str, float]:
        """The peak of each kind of process, the largest first."""
        ordered = sorted(self._peaks.items(), key=lambda item: -item[1])
        return {kind: peak / MB for kind, peak in ordered}

    def _sample_until_ended(self) -> None:
        kinds: dict[int, str] = {}
        for sample in itertools.count():
            if self._ended.wait(self._every):
                return
            # Looking for new processes costs more than looking at those that are known.
            if sample % SAMPLES_PER_CENSUS == 0:
                kinds = {pid: _kind(pid) for pid in self._family()}
            for pid, kind in kinds.items():
                peak = self._peaks.get(kind, 0)
                self._peaks[kind] = max(peak, _private_kb(pid, above=peak))

    def _family(self) -> set[int]:
        """The roots and their descendants."""
        parents = {int(path.name): parent_of(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()}
        family: set[int] = set()
        found = set(self._roots)
        while found:
            family |= found
            found = {pid for pid, parent in parents.items() if parent in found} - family
        return family


def _kind(pid: int) -> str:
    """What kind of process: its program, and for PostgreSQL's what they say they are."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ").split()
    except OSError:
        return "ended"
    if words[:1] == ["postgres:"]:
        return "postgres " + ("backend" if len(words) > 4 and "." in words[4] else " ".join(words[2:5]))
    if "operations.imports.workbook_process" in words:
        return "reader"
    return "worker" if "celery" in " ".join(words) else Path(words[0]).name if words else "ended"


def _private_kb(pid: int, *, above: int) -> int:
    """Its private memory; 0 when that is no more than `above`, since asking exactly costs time."""
    status = _fields(Path(f"/proc/{pid}/status"))
    at_most = status.get("RssAnon", 0) + status.get("RssFile", 0)
    if at_most <= above:
        return 0
    exact = _fields(Path(f"/proc/{pid}/smaps_rollup"))
    if not exact:
        # In some containers root may not look into other users' processes: then all anonymous memory counts.
        return status.get("RssAnon", 0)
    # The kernel calls a page of the shared buffers private while one process alone has touched it; `at_most` does not.
    return min(exact.get("Private_Clean", 0) + exact.get("Private_Dirty", 0), at_most)


def _fields(path: Path) -> dict[str, int]:
    """The fields of a /proc file that are amounts in kB; none when the process has ended."""
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {words[0].rstrip(":"): int(words[1]) for words in lines if words[-1:] == ["kB"]}
