"""Finds and reads the segments of a prediction log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from treering.core.clock import from_millis
from treering.core.errors import NotFound
from treering.entities.prediction import Prediction
from treering.monitoring.predictions import SEGMENTS

__all__ = ["Row", "Wanted", "read", "rows_of"]

_PART = ".part"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which answers; what is empty or None does not matter.

    Attributes:
        since: Milliseconds since the epoch, and
        until: up to here, not with it.
        shadows: Whether copies that no client saw are among them.
    """

    since: int | None = None
    until: int | None = None
    endpoint: str = ""
    model: str = ""
    version: str = ""
    variant: str = ""
    shadows: bool = False

    def fits(self, one: Prediction) -> bool:
        """Whether this is one of them."""
        return (
            (self.since is None or one.time >= self.since)
            and (self.until is None or one.time < self.until)
            and (self.shadows or not one.shadow)
            and self.endpoint in {"", one.endpoint}
            and self.model in {"", one.model}
            and self.version in {"", one.version}
            and self.variant in {"", one.variant}
        )


class Row(NamedTuple):
    """One row of a request with what was predicted for it.

    Attributes:
        place: Which row of its request.
        features: Column to value.
        output: The prediction; None where the answer has none for each row.
    """

    prediction: Prediction
    place: int
    features: Mapping[str, Any]
    output: Any


def read(folder: str | Path, wanted: Wanted | None = None) -> Iterator[Prediction]:
    """Answers in about the order in which they were given, also those of the file that is being written.

    Raises:
        NotFound: If there is no such folder.
        MissingExtra: If a segment is in a form whose package is not installed.
        DamagedData: If a segment cannot be read at all.
    """
    wanted = wanted or Wanted()
    root = Path(folder)
    if not root.is_dir():
        msg = f"There is no prediction log in {str(root)!r}. Start a server with --predictions to have one."
        raise NotFound(msg)
    for file in _segments(root, wanted):
        form = file.name.removesuffix(_PART).rpartition(".")[2]
        try:
            for one in SEGMENTS.load(form)(file):
                if wanted.fits(one):
                    yield one
        except FileNotFoundError:  # finished in between, under another name
            finished = [other for other in file.parent.glob(f"{file.name.split('.')[0]}.*") if other != file]
            for other in finished:
                form = other.name.rpartition(".")[2]
                yield from filter(wanted.fits, SEGMENTS.load(form)(other))


def rows_of(prediction: Prediction) -> Iterator[Row]:
    """The rows of a request; none where it was no table."""
    columns, rows, answer = prediction.columns, prediction.rows, prediction.answer
    if columns is None or rows is None:
        return
    fits = isinstance(answer, list) and len(answer) == len(rows)
    outputs = (
        {name: values for name, values in answer.items() if isinstance(values, list) and len(values) == len(rows)}
        if isinstance(answer, dict)
        else {}
    )
    for place, row in enumerate(rows):
        output = answer[place] if fits else {name: values[place] for name, values in outputs.items()} or None
        yield Row(prediction, place, dict(zip(columns, row, strict=False)), output)


def _segments(root: Path, wanted: Wanted) -> list[Path]:
    """By the time at which they were begun; a day earlier than wanted, because a segment may run over midnight."""
    first = f"{from_millis(wanted.since) - timedelta(days=1):%Y-%m-%d}" if wanted.since is not None else ""
    last = f"{from_millis(wanted.until):%Y-%m-%d}" if wanted.until is not None else "9999"
    days = [day for day in root.iterdir() if day.is_dir() and first <= day.name <= last and _is_day(day.name)]
    found: dict[str, Path] = {}
    for day in days:
        for file in day.glob("predictions-*"):
            form = file.name.removesuffix(_PART).rpartition(".")[2]
            name = file.name.split(".")[0]
            # While one becomes Parquet it is there twice; it is read once.
            if form in SEGMENTS and (name not in found or not file.name.endswith(_PART)):
                found[name] = file
    return [found[name] for name in sorted(found)]


def _is_day(name: str) -> bool:
    try:
        return bool(datetime.strptime(name, "%Y-%m-%d").replace(tzinfo=UTC))
    except ValueError:
        return False
