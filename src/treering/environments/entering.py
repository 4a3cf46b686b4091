"""Running Treering in an environment: this very installation of it, which is lent and not copied."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from types import FrameType

from treering.core.errors import NotSupported
from treering.core.variables import process_variables

__all__ = ["needs_of_treering", "run_there"]

_OURS = "treering"
# Read by Python; in another environment they mean another thing.
_NOT_THERE = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "__PYVENV_LAUNCHER__"}


def needs_of_treering() -> tuple[str, ...]:
    """What Treering itself depends on, as requirements.

    Raises:
        NotSupported: If this Treering was not installed, so that nobody knows.
    """
    try:
        found = metadata.requires(_OURS) or []
    except metadata.PackageNotFoundError as error:
        msg = "This Treering runs from its sources and was never installed. Install it, for instance with: pip install -e ."
        raise NotSupported(msg) from error
    return tuple(sorted(one for one in found if "extra ==" not in one))


def run_there(python: Path, root: Path, arguments: Sequence[str], more: Mapping[str, str]) -> int:
    """Run the command `treering` with another environment's Python; the exit status.

    Ctrl-C and SIGTERM reach it; this process waits until it has ended.

    Args:
        root: Where environments are kept.
        more: Variables that it gets beside those of this process.
    """
    variables = {name: value for name, value in process_variables().items() if name not in _NOT_THERE}
    variables |= {
        "PYTHONPATH": str(_lent(root)),
        "PATH": f"{python.parent}{_separator()}{variables.get('PATH', '')}",
        **more,
    }
    started: list[subprocess.Popen[bytes]] = []
    told: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        # From a terminal it has it already; twice does no harm.
        told.append(number)
        for process in started:
            if process.poll() is None:
                process.send_signal(number)

    # Before it starts, so that no signal ends this process alone.
    before = signal.signal(signal.SIGTERM, forward)
    try:
        process = subprocess.Popen([str(python), "-m", _OURS, *arguments], env=variables)  # noqa: S603 -- ourselves
        started.append(process)
        if told:
            process.send_signal(signal.SIGTERM)
        return _status(process)
    finally:
        signal.signal(signal.SIGTERM, before)


def _status(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # Sent to both by the terminal: it says what there is to say.
            continue
        return status if status >= 0 else 128 - status


def _separator() -> str:
    return ";" if sys.platform == "win32" else ":"


def _lent(root: Path) -> Path:
    """A folder with nothing in it but this package, so that no other package of ours shows through."""
    package = Path(__file__).resolve().parent.parent
    name = hashlib.sha256(str(package).encode()).hexdigest()[:16]
    folder = root / f"{_OURS}-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / _OURS
    if sys.platform == "win32":
        shutil.copytree(package, link, dirs_exist_ok=True)
    elif not link.is_symlink():
        draft = folder / f".{_OURS}.draft"
        draft.unlink(missing_ok=True)
        draft.symlink_to(package)
        draft.replace(link)
    return folder
