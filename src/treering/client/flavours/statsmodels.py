"""`treering.statsmodels`: results of statsmodels, saved, logged and loaded; and logging of its fits."""

from __future__ import annotations

from treering.client.autologging.switches import SWITCHES
from treering.client.flavours.face import face

__all__ = ["autolog", "load_model", "log_model", "save_model"]

autolog = SWITCHES["statsmodels"]

log_model, save_model, load_model = face("statsmodels", "statsmodels_model", "statsmodels", saving="`remove_data`")
