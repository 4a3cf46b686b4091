"""Brings one stage up to date: finds out whether there is anything to do for it.

Most often there is not. So what does it, with all that runs commands and moves data,
stands in `perform`, and is loaded for the first stage that needs it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from treering.core.errors import Conflict
from treering.pipelines.events import Event, Listener
from treering.pipelines.manner import Done, Manner, Prospect, Surroundings
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.pipelines.status import Checker

if TYPE_CHECKING:
    from treering.pipelines.perform import Performer

__all__ = ["Bringer"]


class Bringer:
    """Brings stages of one repository up to date. Several threads may use it: each takes the repository for itself.

    Args:
        stages: All stages.
        manner: How.
        surroundings: What commands find.
        listener: Told what happens.

    Attributes:
        prospect: To be set before the first stage.
    """

    def __init__(self, stages: StageSet, manner: Manner, surroundings: Surroundings, listener: Listener) -> None:
        self._stages = stages
        self._manner = manner
        self._surroundings = surroundings
        self._listener = listener
        self._checker = Checker(stages)
        self._loaded = False
        self.prospect = Prospect()

    @property
    def touched(self) -> list[str]:
        """Absolute paths of files for Git that were changed."""
        return self._performer.touched if self._loaded else []

    def bring(self, stage: Stage, *, force: bool = False, upstream: Sequence[Stage] = ()) -> Done:
        """Bring one stage up to date, with the repository taken, but for the time of its command.

        Args:
            stage: The stage, as it was when it was planned.
            force: Whether it runs though nothing has changed.
            upstream: The stages that make what it needs.

        Raises:
            TreeringError: If it cannot be.
        """
        began = time.monotonic()
        with self._stages.repo.lock():
            stage = self._stages.current(stage)
            if stage.frozen and not stage.is_import:
                text = f"stage: '{stage.address}' is frozen. Its dependencies are not going to be reproduced."
                self._listener(Event("warning", stage, text))
            done = self._without_running(stage, force=force, upstream=upstream)
            if done is None:
                self._confirm(stage)
                done = self._performer.reproduced(stage, force=force)
        seconds = time.monotonic() - began
        if done.how == "unchanged" or done.how == "pulled":  # noqa: PLR1714 - the type checker sees what is left
            self._listener(Event(done.how, stage, seconds=seconds))
        else:
            self._listener(Event("ended", stage, how=done.how, seconds=seconds, entry=done.entry, log=done.log))
        return done

    def _without_running(self, stage: Stage, *, force: bool, upstream: Sequence[Stage]) -> Done | None:
        """What becomes of a stage that need not run; None for one that has to."""
        if force:
            return None
        puller, missing = self._manner.puller, self._manner.allow_missing
        upstream = [self._stages.latest(one) for one in upstream] if missing or puller is not None else ()
        if not self._checker.change(stage, allow_missing=missing, upstream=upstream):
            return Done("unchanged")
        if puller is None or self._checker.change(stage, allow_missing=True, upstream=upstream):
            return None
        return Done("pulled") if self._performer.pulled(stage, puller) else None

    def _confirm(self, stage: Stage) -> None:
        question = f"Going to reproduce stage: '{stage.address}'. Are you sure you want to continue?"
        if self._manner.confirm is not None and not self._manner.confirm(question):
            msg = "reproduction aborted by the user"
            raise Conflict(msg)

    @cached_property
    def _performer(self) -> Performer:
        made: Performer = import_module("treering.pipelines.perform").Performer(
            self._checker, self._manner, self._surroundings, self._listener, self.prospect
        )
        self._loaded = True
        return made
