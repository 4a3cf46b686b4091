"""The points of metrics as lines of text, as MLflow's file store keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from treering.core.errors import DamagedData
from treering.entities.metric import MetricColumns
from treering.entities.model import LoggedModel
from treering.exchange.mlflow.files import FolderFiles
from treering.exchange.points import checksum, joined, without
from treering.exchange.report import Report

__all__ = ["model_lines", "points_of", "words_of", "write_series"]

_AT_ONCE = 50_000
_MASK = (1 << 64) - 1


def words_of(file: Path) -> Iterator[list[str]]:
    """The words of each line. Raises DamagedData for a line that holds no point."""
    for number, line in enumerate(file.read_bytes().decode("utf-8", errors="replace").splitlines(), 1):
        words = line.split(" ")
        if len(words) > 1:
            yield words
        elif line.strip():
            msg = f"{file}:{number} holds no point: {line!r}. Correct or remove the line, then start again."
            raise DamagedData(msg)


def points_of(file: Path) -> MetricColumns:
    """All points of a file with lines of `timestamp value step`."""
    steps: list[int] = []
    times: list[int] = []
    values: list[float] = []
    for words in words_of(file):
        times.append(int(words[0]))
        values.append(float(words[1]))
        steps.append(int(words[2]) if len(words) > 2 else 0)  # noqa: PLR2004  # old folders have no steps
    return MetricColumns(steps, times, values)


def write_series(
    histories: Iterable[tuple[str, MetricColumns]], folder: Path, files: FolderFiles, report: Report, what: str
) -> None:
    """One file for each metric, with the points that are not in it yet behind those that are; read back and compared."""
    for key, parts in groupby(histories, key=lambda one: one[0]):
        history = joined([columns for _, columns in parts])
        file = folder / key
        known = points_of(file) if file.is_file() else MetricColumns((), (), ())
        same = len(known) == len(history) and checksum(known) == checksum(history)
        missing = MetricColumns((), (), ()) if same else without(history, known)
        report.points.found += len(history)
        report.points.present += len(history) - len(missing)
        if len(missing):
            old = [file.read_bytes()] if len(known) else []
            if not files.put_chunks(file, [*old, *_lines(missing)], f"the metric {key!r} of {what}"):
                continue
            report.points.brought += len(missing)
        there = points_of(file)
        wanted = (checksum(known) + checksum(missing)) & _MASK if len(missing) else checksum(known)
        if checksum(there) & _MASK != wanted & _MASK:
            report.problem(f"the metric {key!r} of {what}: its points did not arrive whole")
        else:
            report.verified += len(history)


def _lines(columns: MetricColumns) -> Iterator[bytes]:
    for start in range(0, len(columns), _AT_ONCE):
        end = start + _AT_ONCE
        points = zip(columns.timestamps[start:end], columns.values[start:end], columns.steps[start:end], strict=True)
        yield "".join([f"{timestamp} {float(value)!r} {step}\n" for timestamp, value, step in points]).encode()


def model_lines(given: LoggedModel, report: Report) -> Mapping[str, str]:
    """By metric, lines of `timestamp value step run_id`, and the dataset's name and digest where there is one."""
    lines: dict[str, list[str]] = defaultdict(list)
    for point in given.metrics:
        words = [str(point.timestamp), repr(point.value), str(point.step), point.run_id]
        if point.dataset_name:
            if " " in f"{point.dataset_name}{point.dataset_digest}" or not point.dataset_digest:
                report.problem(
                    f"the metric {point.key!r} of the logged model {given.model_id}: MLflow's folder cannot name the"
                    f" dataset {point.dataset_name!r}, since words end at a space"
                )
            else:
                words += [point.dataset_name, point.dataset_digest]
        lines[point.key].append(" ".join(words) + "\n")
    return {key: "".join(sorted(found)) for key, found in lines.items()}
