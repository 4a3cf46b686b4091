"""What a run ran: its source as git knows it, and the environment around it, put among its tags and artifacts.

A thread in the background looks and writes while the run goes on, so that starting
one costs nothing. A program that is killed early just lacks it.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from treering.core.errors import InvalidInput, TreeringError
from treering.core.log import logger

if TYPE_CHECKING:
    from treering.client.runs import ActiveRun, Beginning
    from treering.entities.lifecycle import RunStatus

__all__ = ["begin", "finish"]

_MODES = ("all", "tags", "off")
_PATIENCE = 10.0


class _Going:
    """The threads of this process, by the run that they work for."""

    threads: dict[str, threading.Thread] = {}  # noqa: RUF012  # shared on purpose


def begin(beginning: Beginning) -> None:
    """Begin to capture for a run, unless the settings say otherwise. Raises InvalidInput for an unknown setting."""
    run = beginning.run
    mode = run.place.settings.capture
    if mode not in _MODES:
        msg = f"TREERING_CAPTURE is {mode!r}. Set it to one of: {', '.join(_MODES)}."
        raise InvalidInput(msg)
    if mode != "off":
        # Loaded here, in the thread that forks: a child could never load what another thread was loading.
        filing: Any = import_module("treering.client.capture.filing")
        question = filing.ask_for(run)
        thread = threading.Thread(
            target=_work, args=(filing, run, question, beginning.resumed), name="treering-capture", daemon=True
        )
        _Going.threads[run.info.run_id] = thread
        thread.start()


def finish(run: ActiveRun, status: RunStatus) -> None:  # noqa: ARG001  # as `at_end` calls it
    """Wait for the capture of a run, for a limited time; what is not ready then is given up."""
    thread = _Going.threads.get(run.info.run_id)
    # A forked child has a copy of what belongs to its parent; Python marks those threads as ended.
    if thread is not None:
        thread.join(_PATIENCE)
        _Going.threads.pop(run.info.run_id, None)
        if thread.is_alive():
            logger.warning("Source and environment of run %s are not kept: git takes too long.", run.info.run_id)


def _work(filing: Any, run: ActiveRun, question: object, resumed: bool) -> None:  # noqa: FBT001  # a thread's argument
    try:
        found = filing.look(run, question)
        if _Going.threads.get(run.info.run_id) is threading.current_thread():
            filing.keep(run, found, resumed=resumed)
    except TreeringError as error:
        logger.warning("Source and environment of run %s are not kept. %s", run.info.run_id, error)
    except Exception:  # noqa: BLE001  # a worker's border: the run must not end because of it
        logger.warning("Source and environment of run %s are not kept; it goes on.", run.info.run_id, exc_info=True)
