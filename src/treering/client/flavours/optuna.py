"""`treering.optuna`: logging of Optuna's searches."""

from __future__ import annotations

from treering.client.autologging.switches import SWITCHES

__all__ = ["autolog"]

autolog = SWITCHES["optuna"]
