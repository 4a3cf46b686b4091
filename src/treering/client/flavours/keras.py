"""`treering.keras`: logging of trainings with Keras 3."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from treering.client.autologging.switches import SWITCHES

__all__ = ["autolog"]

autolog = SWITCHES["keras"]


def __getattr__(name: str) -> Any:
    # A class of Keras's, which is imported when somebody asks for it.
    if name == "MlflowCallback":
        return import_module("treering.client.autologging.keras").MlflowCallback
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
