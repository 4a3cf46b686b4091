"""Plots of one revision: which there are, what dvc.yaml says of each, and what stands in their files."""

from __future__ import annotations

import csv
import io
import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treering.core.errors import InvalidInput, TreeringError
from treering.pipelines.definition import Definition
from treering.pipelines.plots_points import is_image, sources_of
from treering.pipelines.readings import encode_error, files_at, in_file, load, read_text
from treering.pipelines.snapshots import Snapshot
from treering.pipelines.stage import Stage

__all__ = ["PROPERTIES", "CollectedPlots", "NoPlotData", "collect_plots", "full_id"]

PROPERTIES = ("template", "x", "y", "x_label", "y_label", "title", "header")

_TABLES = {".csv": ",", ".tsv": "\t"}
_RECORDS = frozenset({".json", ".py", ".toml", ".yaml", ".yml"})

Properties = Mapping[str, Any]
Definitions = dict[str, dict[str, Properties]]


class NoPlotData(InvalidInput):
    """A file of a kind that no plot is made of."""

    known_as = "PlotMetricTypeError"


@dataclass(frozen=True, slots=True)
class CollectedPlots:
    """What a revision has to draw.

    Attributes:
        name: Of the revision.
        plots: By the dvc.yaml that they stand in at the top ("" for outputs and for files that were asked for)
            and by name: their properties. Names that are paths are relative to where the user stands.
        contents: What stands in each file that could be read.
        errors: What is wrong with the others, as DVC's JSON has it.
        error: Why there is nothing at all.
    """

    name: str
    plots: Definitions = field(default_factory=dict)
    contents: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    error: Mapping[str, str] | None = None

    def by_id(self) -> dict[str, tuple[str, Properties]]:
        """Name and properties of each plot, by what tells it from others: a name in several files goes with its file."""
        files: dict[str, dict[str, Properties]] = {}
        for file, plots in self.plots.items():
            for name, properties in plots.items():
                files.setdefault(name, {})[file] = properties
        return {
            name if len(found) == 1 else full_id(file, name): (name, properties)
            for name, found in files.items()
            for file, properties in found.items()
        }


def full_id(file: str, name: str) -> str:
    """The name of a plot with the dvc.yaml that it stands in."""
    return f"{file}::{name}" if file else name


def collect_plots(at: Snapshot, targets: Sequence[str] = (), properties: Properties | None = None) -> CollectedPlots:
    """The plots of a revision with their data.

    Args:
        at: The revision.
        targets: Files, or how names of plots begin; all plots where none are given.
        properties: Count more than those of the plots.
    """
    given = properties or {}
    collecting = _Collecting(at, [posixpath.normpath(target) for target in targets], given)
    try:
        plots = collecting.plots()
        headers = collecting.headers()
    except (TreeringError, OSError) as error:
        return CollectedPlots(at.name, error=encode_error(error))
    contents: dict[str, Any] = {}
    errors: dict[str, dict[str, str]] = {}
    wanted = [file for some in plots.values() for name, one in some.items() for file in sources_of(name, one)]
    for file in dict.fromkeys(wanted):
        try:
            contents[file] = collecting.content(file, header=given.get("header", headers.get(file, True)))
        except (TreeringError, OSError) as error:
            errors[file] = encode_error(error)
    return CollectedPlots(at.name, plots, contents, errors)


@dataclass(frozen=True, slots=True)
class _Collecting:
    at: Snapshot
    targets: Sequence[str]
    given: Properties

    def plots(self) -> Definitions:
        found: Definitions = {}
        for file, definition in self.at.stages.pipelines().items():
            written = _written(definition)
            if written:
                found[self._shown(os.path.join(self.at.stages.repo.root, file))] = dict(self._top(definition, written))
        for stage, out, path in self._outputs():
            if self._wanted(stage, self._shown(path)):
                found.setdefault("", {}).update(self._unfolded(path, out))
        for target in self.targets:
            path = in_file(str(self.at.stages.base), target)
            if not found or self._exists(path):
                plain = found.setdefault("", {})
                for name, properties in self._unfolded(path, {}).items():
                    plain[name] = {**plain.get(name, {}), **properties}
        return found

    def headers(self) -> dict[str, bool]:
        """Of files that are plots of stages: whether the first line names the columns."""
        return {self._shown(path): bool(out.get("header", True)) for _, out, path in self._outputs()}

    def content(self, name: str, *, header: bool) -> Any:
        path = in_file(str(self.at.stages.base), name)
        end = posixpath.splitext(name)[1]
        if is_image(name):
            return self.at.files.read_bytes(path)
        if end in _TABLES:
            return _table(read_text(self.at.files, path, name), _TABLES[end], header=header)
        if end not in _RECORDS:
            msg = f"'{name}' - file type error\nOnly JSON, YAML, CSV and TSV formats are supported."
            raise NoPlotData(msg)
        return load(self.at.files, path, name)

    def _outputs(self) -> Iterator[tuple[Stage, Properties, str]]:
        for stage in self.at.stages:
            for out in stage.outs:
                if out.plot:
                    properties = out.plot if isinstance(out.plot, Mapping) else {}
                    known = {key: value for key, value in properties.items() if key in PROPERTIES}
                    yield stage, known, stage.path_of(out.path)

    def _top(self, definition: Definition, written: Mapping[str, Properties]) -> Iterator[tuple[str, Properties]]:
        """The plots at the top of a dvc.yaml; of a folder those of its files that no nearer one speaks of."""
        file = self._shown(os.path.join(definition.folder, os.path.basename(definition.file)))
        paths = {name: in_file(definition.folder, name) for name in written}
        for name, properties in written.items():
            if not self._matches(file, name):
                continue
            if isinstance(properties.get("y"), Mapping):
                yield name, {**self._with_paths(definition.folder, properties), **self.given}
                continue
            for inner, found in self._unfolded(paths[name], properties).items():
                if _nearest(in_file(str(self.at.stages.base), inner), paths.values()) == paths[name]:
                    yield inner, found

    def _with_paths(self, folder: str, properties: Properties) -> dict[str, Any]:
        """The same with the files of x and y relative to where the user stands."""
        found = dict(properties)
        for axis in ("x", "y"):
            if isinstance(found.get(axis), Mapping):
                found[axis] = {self._shown(in_file(folder, file)): one for file, one in found[axis].items()}
        return found

    def _unfolded(self, path: str, properties: Properties) -> dict[str, Properties]:
        return {self._shown(file): {**properties, **self.given} for file in files_at(self.at.files, path)}

    def _wanted(self, stage: Stage, name: str) -> bool:
        return self._matches(self._shown(stage.file_path()), name)

    def _matches(self, file: str, name: str) -> bool:
        """Whether a target is how the name of a plot begins; targets may be regular expressions, as in DVC."""
        names = (name, full_id(file, name))
        return not self.targets or any(_begins(target, one) for target in self.targets for one in names)

    def _exists(self, path: str) -> bool:
        if self.at.files.is_dir(path):
            return True
        try:
            self.at.files.read_bytes(path)
        except (TreeringError, OSError):
            return False
        return True

    def _shown(self, path: str) -> str:
        return self.at.stages.shown(path)


def _begins(target: str, name: str) -> bool:
    try:
        return re.match(target, name) is not None
    except re.error:
        return name.startswith(target)


def _written(definition: Definition) -> dict[str, Properties]:
    """The plots at the top of a dvc.yaml by name."""
    found: dict[str, Properties] = {}
    for one in definition.top("plots"):
        if isinstance(one, Mapping):
            found |= {name: properties or {} for name, properties in one.items()}
        else:
            found[one] = {}
    return found


def _nearest(path: str, folders: Iterator[str] | Sequence[str] | Any) -> str:
    """The common beginning with a folder that is the longest."""
    best = ""
    for folder in folders:
        common = os.path.commonpath([path, folder])
        if len(common) > len(best):
            best = common
    return best


def _table(text: str, delimiter: str, *, header: bool) -> list[dict[str, Any]]:
    """The rows of a table; without a header, columns are called by their numbers."""
    names = None if header else [str(index) for index in range(len(next(csv.reader(io.StringIO(text)), [])))]
    return list(csv.DictReader(io.StringIO(text), fieldnames=names, delimiter=delimiter))
