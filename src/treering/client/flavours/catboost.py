"""`treering.catboost`: logging of CatBoost's trainings."""

from __future__ import annotations

from treering.client.autologging.switches import SWITCHES

__all__ = ["autolog"]

autolog = SWITCHES["catboost"]
