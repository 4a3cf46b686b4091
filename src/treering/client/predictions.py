"""The prediction log of a model server: what was asked and answered, with the labels that come later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treering.client.frames import FRAMES
from treering.core.clock import now
from treering.core.errors import InvalidInput
from treering.entities.prediction import Label, Prediction
from treering.monitoring.predictions.labels import add_labels, joined
from treering.monitoring.predictions.reading import Wanted, rows_of
from treering.monitoring.predictions.reading import read as _read

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Label", "Prediction", "label", "read", "table"]

_KNOWN = ("endpoint", "model", "version", "variant", "shadows")


def read(
    folder: str | Path, *, since: datetime | None = None, until: datetime | None = None, **wanted: Any
) -> Iterator[Prediction]:
    """Answers in about the order in which they were given, also those of the last second.

    Args:
        folder: What `--predictions` named.
        since: Of answers from here on.
        until: Up to here, not with it.
        wanted: `endpoint`, `model`, `version` or `variant` as texts; `shadows=True` for those that no client saw, too.

    Raises:
        NotFound: If there is no such folder.
        MissingExtra: If a file is in a form whose package is not installed.
    """
    return _read(folder, _wanted(since, until, wanted))


def label(folder: str | Path, truths: Mapping[str, Any], *, time: datetime | None = None, source: str = "") -> int:
    """Say what turned out to be true; how many labels were kept.

    Args:
        truths: Request id to one value, or to a list with one for each row of the request. A later one counts.
        time: When it became known; now by default.
        source: Who says so.

    Raises:
        NotFound: If there is no such folder.
    """
    at = _millis(time) if time is not None else now()
    return add_labels(folder, (Label(request_id, truth, at, source) for request_id, truth in truths.items()))


def table(
    folder: str | Path, *, since: datetime | None = None, until: datetime | None = None, **wanted: Any
) -> pd.DataFrame:
    """A data frame with a line for each row that was predicted: its inputs as `inputs.<column>`, prediction and label.

    Requests that were no table have no rows; they are left out. Arguments and errors are those of `read`.
    """
    lines = _lines(folder, _wanted(since, until, wanted))
    names = dict.fromkeys(name for line in lines for name in line)
    frame: pd.DataFrame = FRAMES.load("pandas").table({name: [line.get(name) for line in lines] for name in names})
    return frame


def _lines(folder: str | Path, wanted: Wanted) -> list[dict[str, Any]]:
    return [
        {
            "time": prediction.time,
            "request_id": prediction.request_id,
            "row": row.place,
            "model": prediction.model,
            "version": prediction.version,
            "variant": prediction.variant,
            "prediction": row.output,
            "label": _of_row(truth, row.place),
            **{f"inputs.{name}": value for name, value in row.features.items()},
        }
        for prediction, truth in joined(folder, wanted)
        for row in rows_of(prediction)
    ]


def _of_row(truth: Label | None, place: int) -> Any:
    if truth is None or not isinstance(truth.label, list):
        return truth.label if truth is not None else None
    return truth.label[place] if place < len(truth.label) else None


def _wanted(since: datetime | None, until: datetime | None, wanted: Mapping[str, Any]) -> Wanted:
    for name in wanted:
        if name not in _KNOWN:
            msg = f"Answers cannot be chosen by {name!r}. They can by: since, until, {', '.join(_KNOWN)}."
            raise InvalidInput(msg)
    return Wanted(
        _millis(since) if since is not None else None, _millis(until) if until is not None else None, **wanted
    )


def _millis(time: datetime) -> int:
    """A time without a zone is this machine's."""
    return round(time.timestamp() * 1000)
