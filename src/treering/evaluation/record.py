"""The record of an evaluation as JSON: what lies as `evaluation/evaluation.json` among the artifacts of a run.

Figures that JSON has no number for are written as the words "NaN", "Infinity" and "-Infinity".
A reader passes over keys it does not know, so that older ones read what newer ones write.
"""

from __future__ import annotations

import json
import math

import msgspec

from treering.core.errors import DamagedData
from treering.entities.evaluation import Evaluation

__all__ = ["EVALUATED_TAG", "FORMAT", "RECORD_PATH", "ROWS_PATH", "from_json", "to_json"]

FORMAT = 1
RECORD_PATH = "evaluation/evaluation.json"
"""Where the record lies among the artifacts of its run."""
ROWS_PATH = "evaluation/rows.npz"
"""Where what the model said of each row lies, from which two models are compared in pairs."""
EVALUATED_TAG = "treering.evaluation"
"""On a run that holds an evaluation: the id of the logged model that was evaluated, else its URI, else `predictions`.

Pages and gates find by it what was found out about a model.
"""


def to_json(evaluation: Evaluation) -> str:
    """The record as a text: the same evaluation always gives the same one."""
    fields = {"format": FORMAT, **msgspec.to_builtins(evaluation)}
    return json.dumps(_worded(fields), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str | bytes, where: str = RECORD_PATH) -> Evaluation:
    """The evaluation of which `to_json` made the text.

    Args:
        where: What to call the text in an error.

    Raises:
        DamagedData: The text is no such record, or one of a format that is not known here.
    """
    try:
        fields = msgspec.json.decode(text)
        if not isinstance(fields, dict) or "format" not in fields:
            msg = f"{where} is no record of an evaluation: it says no format. Evaluate the model again to write one."
            raise DamagedData(msg)
        if fields["format"] != FORMAT:
            msg = (
                f"{where} is a record of format {fields['format']!r}, and this Treering reads format {FORMAT}. "
                "Update Treering, or evaluate the model again."
            )
            raise DamagedData(msg)
        return msgspec.convert(fields, Evaluation, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        msg = f"{where} is no record of an evaluation: {error}. Evaluate the model again to write one."
        raise DamagedData(msg) from error


def _worded(value: object) -> object:
    """The value with words for the figures that JSON has no number for."""
    if isinstance(value, dict):
        return {key: _worded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_worded(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
