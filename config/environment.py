"""Making the virtual environment: `python -m config.environment requirements.txt`.

Runs on the machine's own Python, with nothing but the standard library, and is safe to repeat: a
half-made environment is made again, and pip is called only when the pinned requirements changed.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
PRODUCT = "requirements.txt"

NO_ENSUREPIP = """\
This Python cannot make virtual environments, as its ensurepip is missing.
On Debian or Ubuntu: apt-get install python{0}.{1}-venv. Elsewhere: install Python's venv package.
Then run make again."""


def prepare(requirements: str) -> None:
    """See that .venv holds what the file `requirements` pins; one process at a time."""
    with (PROJECT / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _works():
            _create()
        if not _is_installed(requirements):
            _install(requirements)


def _works() -> bool:
    """Whether the environment's Python runs, has pip, and is new enough."""
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-c", question], capture_output=True).returncode == 0  # nosec B603
    except OSError:
        return False


def _create() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        sys.exit(NO_ENSUREPIP.format(*sys.version_info))
    print("Making the virtual environment .venv ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", VENV]).returncode:  # nosec B603
        sys.exit(NO_ENSUREPIP.format(*sys.version_info))


def _is_installed(requirements: str) -> bool:
    stamp = _stamp(requirements)
    return stamp.exists() and stamp.read_text() == _digest(requirements)


def _install(requirements: str) -> None:
    print(f"Installing {requirements} into .venv ...", flush=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "-r", requirements]
    if subprocess.run([PYTHON, "-m", "pip", "install", *options], cwd=PROJECT).returncode:  # nosec B603
        sys.exit(f"{requirements} could not be installed; see above. Run make again to go on.")
    for name in {requirements, PRODUCT}:  # the development file includes the product's
        _stamp(name).write_text(_digest(name))


def _stamp(requirements: str) -> Path:
    return VENV / f"installed-{requirements}"


def _digest(requirements: str) -> str:
    """Of all that the file pins: the development file includes the product's."""
    names = [PRODUCT] if requirements == PRODUCT else [PRODUCT, requirements]
    return hashlib.sha256(b"".join((PROJECT / name).read_bytes() for name in names)).hexdigest()


if __name__ == "__main__":
    prepare(sys.argv[1])
