"""The program of a worker: scores the sections that come through its input, and ends with it."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from treering.core.errors import InvalidInput, TreeringError
from treering.models.scoring.messages import Failed, receive, send, task
from treering.models.scoring.scorer import Scorer

__all__ = ["main"]


def main() -> None:
    """Work until the input ends."""
    # What a model prints must not stand between the messages.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _work(sys.stdin.buffer, answers)
    except BrokenPipeError:
        # Whoever asked is gone.
        sys.stdout = None


def _work(tasks: BinaryIO, answers: BinaryIO) -> None:
    scorer: Scorer | None = None
    while data := receive(tasks):
        given = task(data)
        try:
            if scorer is None:
                if given.recipe is None:
                    msg = "The first task has to say what holds for all of them."
                    raise InvalidInput(msg)
                scorer = Scorer(given.recipe)
            for message in scorer.score(given.section, given.part):
                send(answers, message)
        except TreeringError as error:
            send(answers, Failed(error.code, error.message))
            return
