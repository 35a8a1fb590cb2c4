"""Whether a library that we pin is known to be unsafe: `python -m config.dependencies`, part of `make check`.

pip-audit asks a public database. Where that cannot be reached nothing is known, which is said plainly and is no fault
of the code: exit code 1 only where something unsafe was found.
"""

import json
import subprocess  # nosec B404
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
FILES = ("requirements.txt", "requirements-dev.txt")
WITHIN = 300.0


def audit(files: Sequence[str] = FILES) -> int:
    """Say what is known of each library that the files pin; the exit code."""
    asked = [argument for file in files for argument in ("--requirement", file)]
    command = [sys.executable, "-m", "pip_audit", *asked, "--no-deps", "--disable-pip", "--format=json",
               "--progress-spinner=off", "--timeout=15"]  # fmt: skip
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=WITHIN)  # nosec B603
        libraries = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
        return _could_not_run(error if isinstance(error, subprocess.TimeoutExpired) else _last_line(done.stderr))
    return _judge(libraries)


def _judge(libraries: list[dict[str, Any]]) -> int:
    unsafe = [library for library in libraries if library.get("vulns")]
    unknown = [library for library in libraries if "skip_reason" in library]
    for library in unsafe:
        for fault in library["vulns"]:
            mended = ", ".join(fault["fix_versions"]) or "no version yet"
            print(f"{library['name']} {library['version']} is unsafe: {fault['id']}, mended in {mended}")
    if len(unknown) == len(libraries):
        return _could_not_run(unknown[0]["skip_reason"] if unknown else "no library is pinned")
    if unknown:
        print(f"Nothing is known of {len(unknown)}: {', '.join(library['name'] for library in unknown)}")
    print(f"Libraries audited: {len(libraries) - len(unknown)} of {len(libraries)}; unsafe: {len(unsafe)}.")
    return 1 if unsafe else 0


def _could_not_run(why: object) -> int:
    print(f"THE LIBRARIES WERE NOT AUDITED: the database of known faults did not answer ({why}).")
    return 0


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no answer"])[-1][:200]


if __name__ == "__main__":
    sys.exit(audit())
