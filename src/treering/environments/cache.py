"""Environments kept by what they hold: built once, by one process at a time, and used by all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path

from treering.environments import ENVIRONMENT_MANAGERS
from treering.environments.base import Specification, Tell
from treering.storage.journal.ownership import try_lock

__all__ = ["default_root", "key_of", "ready"]

# Written last: a folder without it is what a crash left.
_DONE = "treering-environment.json"
_PAUSE = 0.2


def default_root() -> Path:
    """Where environments are kept unless the settings say otherwise."""
    return Path.home() / ".cache" / "treering" / "environments"


def key_of(manager: str, specification: Specification) -> str:
    """What names an environment: the same for the same contents."""
    text = json.dumps([manager, sys.platform, asdict(specification)], sort_keys=True)
    return f"{manager}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def ready(manager: str, specification: Specification, root: Path, tell: Tell) -> Path:
    """The program `python` of an environment, which is built if it is not there yet.

    Raises:
        UnknownPlugin: If there is no such manager.
        NotSupported: If the manager's program is missing, or the version of Python.
        Unavailable: If a package cannot be installed; the message names it. Nothing is left behind.
    """
    driver = ENVIRONMENT_MANAGERS.load(manager)
    if not driver.isolated:
        return driver.python(root)
    folder = root / key_of(manager, specification)
    python = driver.python(folder)
    if _is_whole(folder, python):
        return python
    driver.check(specification)
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{folder.name}.lock").open("ab") as lock:
        _wait(lock.fileno(), tell)
        if not _is_whole(folder, python):
            shutil.rmtree(folder, ignore_errors=True)
            try:
                driver.build(specification, folder, tell)
                _mark(folder, manager, specification)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return python


def _is_whole(folder: Path, python: Path) -> bool:
    # The Python may have gone that it was made with.
    return (folder / _DONE).is_file() and os.access(python, os.X_OK)


def _mark(folder: Path, manager: str, specification: Specification) -> None:
    draft = folder / f".{_DONE}"
    draft.write_text(json.dumps({"manager": manager, **asdict(specification)}, indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / _DONE)


def _wait(descriptor: int, tell: Tell) -> None:
    said = False
    while not try_lock(descriptor):
        if not said:
            tell("Another process builds this environment; waiting for it")
            said = True
        time.sleep(_PAUSE)
