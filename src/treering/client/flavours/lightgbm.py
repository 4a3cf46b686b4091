"""`treering.lightgbm`: LightGBM models, saved, logged and loaded; and logging of their training."""

from __future__ import annotations

from treering.client.autologging.switches import SWITCHES
from treering.client.flavours.face import face

__all__ = ["autolog", "load_model", "log_model", "save_model"]

autolog = SWITCHES["lightgbm"]

log_model, save_model, load_model = face("lightgbm", "lgb_model", "LightGBM")
