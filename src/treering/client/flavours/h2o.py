"""`treering.h2o`: H2O's models, saved, logged and loaded."""

from __future__ import annotations

from treering.client.flavours.face import face

__all__ = ["load_model", "log_model", "save_model"]

log_model, save_model, load_model = face("h2o", "h2o_model", "H2O", saving="`settings`")
