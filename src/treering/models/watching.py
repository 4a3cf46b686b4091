"""Which packages a model's own code imports, found by loading and asking it in a process of its own.

There it notes each import that code outside of installed packages makes. What an
installed package imports, its own requirements say.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from treering.core.log import logger
from treering.models.load_options import LoadOptions
from treering.models.requirements import is_installed

__all__ = ["main", "watched_imports"]

_MARK = "treering-imports:"
_FLAVOURS = "treering.models.flavours."
_OURS = ("treering", "importlib", "pickle", "cloudpickle", "_frozen_importlib")


def watched_imports(folder: Path, seconds: float, options: LoadOptions | None = None) -> frozenset[str] | None:
    """The modules that the model in `folder` imports when it is loaded and asked for its example.

    Args:
        options: How a model that was there before is loaded, and then what its flavour imports counts as well.
            Without them the user is just saving it, and needs no word.

    Returns:
        `None` if it took longer than `seconds` or failed; the log says so.
    """
    # The model's code must find what it finds here, and write nothing of ours.
    paths = list(dict.fromkeys(path or str(Path.cwd()) for path in sys.path))
    program = f"import sys; sys.path[:] = {paths!r}; from treering.models.watching import main; main()"
    loading = "" if options is None else json.dumps([options.allow_code, str(options.own or ""), options.trust])
    command = [sys.executable, "-c", program, str(folder), loading]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603 -- this Python
    except subprocess.TimeoutExpired:
        logger.warning(
            "Loading the model to see what it imports took longer than %s seconds, so its requirements are what its"
            " code names. Give pip_requirements if that is not enough.",
            seconds,
        )
        return None
    found = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if done.returncode or not found:
        reason = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        logger.warning(
            "Loading the model in a process of its own to see what it imports failed (%s), so its requirements are"
            " what its code names. Give pip_requirements if that is not enough.",
            reason,
        )
        return None
    return frozenset(json.loads(found[-1].removeprefix(_MARK)))


class _Recorder:
    """Notes what is imported by code that is neither installed nor ours."""

    def __init__(self, *, everything: bool) -> None:
        self.names: set[str] = set()
        self._everything = everything
        self._import = builtins.__import__
        self._import_module = importlib.import_module

    def install(self) -> None:
        builtins.__import__ = self._watch
        importlib.import_module = self._watch_module  # as above

    def _watch(self, name: str, globals: Any = None, *rest: Any, **named: Any) -> Any:  # noqa: A002  # its name there
        level = named.get("level", rest[2] if len(rest) > 2 else 0)  # noqa: PLR2004 -- its place there
        if level == 0 and self._counts((globals or {}).get("__name__")):
            self.names.add(name)
        return self._import(name, globals, *rest, **named)

    def _watch_module(self, name: str, package: str | None = None) -> Any:
        if not name.startswith(".") and self._counts(sys._getframe(1).f_globals.get("__name__")):  # noqa: SLF001
            self.names.add(name)
        return self._import_module(name, package)

    def _counts(self, importer: str | None) -> bool:
        if self._everything and (importer or "").startswith(_FLAVOURS):
            return True
        return importer is None or importer == "__main__" or not (importer.startswith(_OURS) or is_installed(importer))


def main() -> None:
    """Load the model that the first argument names, ask it for its example, and print what was imported."""
    folder = Path(sys.argv[1])
    base = importlib.import_module("treering.models.flavours.base")
    loading = importlib.import_module("treering.models.loading")
    example = importlib.import_module("treering.models.example")
    allow_code, own, trust = json.loads(sys.argv[2] or '[true, "", []]')
    recorder = _Recorder(everything=bool(sys.argv[2]))
    recorder.install()
    wanted = base.LoadOptions(allow_code=allow_code, quiet=True, own=Path(own) if own else None, trust=tuple(trust))
    model = loading.load(folder, wanted)
    try:
        given = example.read(folder, model.metadata)
        if given is not None:
            model.predict(*given)
    except Exception as error:  # noqa: BLE001 -- the model's own code runs here; what it imported until then counts
        sys.stderr.write(f"{error}\n")
    sys.stdout.write(f"\n{_MARK}{json.dumps(sorted(recorder.names))}\n")
    sys.stdout.flush()
    # Threads of a framework need not be waited for.
    os._exit(0)
