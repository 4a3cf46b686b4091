"""How this program ends: whether well, by an error, or interrupted; asked when its open runs are ended.

Python tells at the end what was raised and not caught, but not what `sys.exit` was
given. So `sys.exit`, and the `exit` and `quit` of scripts, are replaced by ones that
raise an exception of our own, which knows when it is thrown away: caught by somebody,
or at the end of the program. Of a bare `raise SystemExit(1)` nothing is left to ask.
"""

from __future__ import annotations

import builtins
import sys
from contextlib import suppress
from typing import Any, NoReturn

from treering.entities.lifecycle import RunStatus

__all__ = ["status_at_end", "status_for", "watch_exit"]


class _Exits:
    """Statuses that `sys.exit` was given and nobody has caught."""

    pending: dict[int, Any] = {}  # noqa: RUF012  # shared on purpose
    watched = False


class _Exit(SystemExit):
    def __init__(self, status: Any) -> None:
        super().__init__(*(() if status is None else (status,)))
        _Exits.pending[id(self)] = status

    def __del__(self) -> None:
        # Somebody's code goes on, so it was caught; at the end of the program nobody's does.
        if sys._getframe().f_back is not None:  # noqa: SLF001  # the only way to see it
            _Exits.pending.pop(id(self), None)


class _Quitter:
    """The interpreter's `exit` or `quit`."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def __repr__(self) -> str:
        return repr(self._found)

    def __call__(self, code: Any = None) -> NoReturn:
        with suppress(SystemExit):
            self._found(code)
        raise _Exit(code)


def watch_exit() -> None:
    """Have `sys.exit`, `exit` and `quit` remember their status; again changes nothing."""
    if not _Exits.watched:
        _Exits.watched = True
        sys.exit = _exit
        for name in ("exit", "quit"):
            found = getattr(builtins, name, None)
            # A notebook's or a shell's own ones are left alone.
            if type(found).__module__ == "_sitebuiltins":
                setattr(builtins, name, _Quitter(found))


def status_at_end() -> RunStatus:
    """How runs end that are open when the program ends."""
    if not hasattr(sys, "ps1"):
        raised = getattr(sys, "last_value", None)
        if raised is not None:
            return RunStatus.KILLED if isinstance(raised, KeyboardInterrupt) else RunStatus.FAILED
        if any(status not in {None, 0} for status in _Exits.pending.values()):
            return RunStatus.FAILED
    return RunStatus.FINISHED


def status_for(error: BaseException | None) -> RunStatus:
    """How a run ends whose block `error` goes through."""
    well = error is None or (isinstance(error, SystemExit) and error.code in {None, 0})
    return RunStatus.FINISHED if well else RunStatus.FAILED


def _exit(status: Any = None, /) -> NoReturn:
    """As `sys.exit`."""
    raise _Exit(status)
