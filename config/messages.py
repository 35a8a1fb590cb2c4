"""Compiling the translations without gettext's programs, which few machines have.

`python -m config.messages` does it for every catalogue whose compiled file is missing or older.
"""

import contextlib
import os
from pathlib import Path

import polib

PROJECT = Path(__file__).resolve().parents[1]


def compile_missing(project: Path = PROJECT) -> list[Path]:
    """Write the .mo beside each .po that is newer, in one step each; return what was written."""
    written = []
    for source in sorted(project.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if _is_current(target, source):
            continue
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        polib.pofile(str(source)).save_as_mofile(str(fresh))
        fresh.replace(target)
        written.append(target)
    return written


def compile_if_possible() -> None:
    """The same where the project may be written to; elsewhere whoever installs it compiles them."""
    with contextlib.suppress(OSError):
        compile_missing()


def _is_current(target: Path, source: Path) -> bool:
    return target.exists() and target.stat().st_mtime >= source.stat().st_mtime


if __name__ == "__main__":
    for path in compile_missing():
        print(f"Compiled {path.relative_to(PROJECT)}")
