"""`treering.spacy`: spaCy's pipelines, saved, logged and loaded."""

from __future__ import annotations

from treering.client.flavours.face import face

__all__ = ["load_model", "log_model", "save_model"]

log_model, save_model, load_model = face("spacy", "spacy_model", "spaCy")
