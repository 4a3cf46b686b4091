"""Who is told of answers, as the options say; what nobody asked for is not loaded."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treering.serving.front.engine import Engine

__all__ = ["watched"]


def watched(engine: Engine) -> Engine:
    """The engine, with a prediction log and traces where they are asked for.

    Raises:
        InvalidInput: If the log cannot be written as it was asked for.
    """
    options = engine.options
    if options.predictions is not None:
        engine.keep(import_module("treering.serving.predictions.log").PredictionLog(options.predictions))
    if options.traces is not None:
        tracing = import_module("treering.serving.front.tracing").Tracing(options.traces)
        engine.watch(tracing.answered, tracing.close)
    return engine
