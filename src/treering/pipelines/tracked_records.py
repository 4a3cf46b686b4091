"""What a stage's execution leaves in its run: parameters, metrics, and versions of data that it read and made."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from treering.entities.dataset import CONTEXT_TAG, OUTPUT_CONTEXT, Dataset, DatasetInput
from treering.entities.metric import MetricColumns
from treering.pipelines.params import DEFAULT_FILE
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.pipelines.value_changes import flatten

__all__ = ["DataVersions", "lock_tags", "metrics_of", "params_of"]

_STRANGE = re.compile(r"[^/\w.\- :]")
_LONGEST_KEY, _LONGEST_TAG = 250, 8000
_DATA = "treering.data"
_LOCK, _LOCK_HASH = "treering.pipeline.lock", "treering.pipeline.lock_hash"


def params_of(files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Parameters by file, laid flat; those of other files than `params.yaml` go with their file where two have one name."""
    return _merged(
        (file, key, _text(value)) for file, values in files.items() for key, value in flatten(values).items()
    )


def metrics_of(files: Mapping[str, Any], time: int) -> dict[str, MetricColumns]:
    """The numbers of metrics by file, laid flat, each as a series of one point."""
    numbers = (
        (file, key, float(value))
        for file, values in files.items()
        for key, value in (flatten(values) if isinstance(values, Mapping) else {_stem(file): values}).items()
        if isinstance(value, int | float)
    )
    finite = ((file, key, value) for file, key, value in numbers if math.isfinite(value))
    return {key: MetricColumns([0], [time], [value]) for key, value in _merged(finite).items()}


def lock_tags(entry: Mapping[str, Any]) -> dict[str, str]:
    """The entry of dvc.lock and its hash; without parameters and command where it would be too long for a tag."""
    digest = hashlib.sha256(json.dumps(entry, sort_keys=True, default=str).encode()).hexdigest()
    for shown in (entry, {key: entry[key] for key in ("deps", "outs") if key in entry}):
        text = json.dumps(shown, default=str)
        if len(text) <= _LONGEST_TAG:
            return {_LOCK: text, _LOCK_HASH: digest}
    return {_LOCK_HASH: digest}


def _merged(found: Iterable[tuple[str, str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for file, key, value in sorted(found, key=lambda one: one[0] != DEFAULT_FILE):
        name = _name(key) if _name(key) not in values else _name(f"{file}:{key}")
        values[name] = value
    return values


def _name(key: str) -> str:
    """The key as runs take it."""
    return os.path.normpath(_STRANGE.sub("_", key)).lstrip("/.")[:_LONGEST_KEY] or "_"


def _stem(file: str) -> str:
    return os.path.splitext(os.path.basename(file))[0]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


class _Known(NamedTuple):
    """A content: its hash, size, and for a folder its number of files."""

    digest: str
    size: int | None
    nfiles: int | None


class DataVersions:
    """Which content each output has, as far as it is known: from the lock files, and from what was made since.

    Args:
        stages: All stages, as they were before.
        commit: The commit that is checked out; "" for none.
    """

    def __init__(self, stages: StageSet, commit: str) -> None:
        self._stages = stages
        self._commit = commit
        self._known: dict[str, _Known] = {}

    def made(self, stage: Stage, entry: Mapping[str, Any]) -> list[DatasetInput]:
        """Take note of what a stage made, and give it as datasets; metrics and plots, which are no data, left out."""
        found = []
        flags = {out.path: out for out in stage.outs}
        for one in entry.get("outs", ()):
            path = stage.path_of(one["path"])
            known = _content(one)
            if known is None:
                continue
            self._known[path] = known
            out = flags.get(one["path"])
            if out is None or not (out.metric or out.plot):
                found.append(self._dataset(path, known, stage, OUTPUT_CONTEXT))
        return found

    def read(self, stage: Stage, entry: Mapping[str, Any]) -> list[DatasetInput]:
        """The datasets that a stage read: outputs of others, whole. Files that Git keeps are told by the commit."""
        found: dict[str, DatasetInput] = {}
        for dep in entry.get("deps", ()):
            path = stage.path_of(dep["path"])
            for output, maker in self._outputs(path):
                known = _content(dep) if output == path else self._locked(output, maker)
                if known is not None:
                    found[output] = self._dataset(output, known, self._stages[maker], "")
        return list(found.values())

    def _outputs(self, path: str) -> Iterator[tuple[str, str]]:
        yield from self._stages.outputs.above(path)
        yield from self._stages.outputs.below(path)

    def _locked(self, path: str, maker: str) -> _Known | None:
        if path in self._known:
            return self._known[path]
        stage = self._stages[maker]
        out = next((out for out in stage.outs if stage.path_of(out.path) == path), None)
        return None if out is None or out.oid is None else _Known(out.oid.value, out.size, out.nfiles)

    def _dataset(self, path: str, known: _Known, maker: Stage, context: str) -> DatasetInput:
        """As `log_input` describes what a repository tracks, so that one content is one dataset whoever logs it."""
        repo = self._stages.repo
        file = repo.relpath(maker.file)
        pointer = f"{file}:{maker.name}" if maker.name else file
        told = {"uri": path, "dvc_file": pointer, "path": repo.relpath(path), "md5": known.digest}
        profile = {"size": known.size, "num_files": known.nfiles}
        dataset = Dataset(
            os.path.basename(path),
            known.digest,
            "local",
            json.dumps({**told, "repository": str(repo.root)}),
            profile=json.dumps({key: value for key, value in profile.items() if value is not None}),
        )
        tags = {CONTEXT_TAG: context, f"{_DATA}.pointer": pointer, f"{_DATA}.revision": self._commit}
        return DatasetInput(dataset, {key: value for key, value in tags.items() if value})


def _content(entry: Mapping[str, Any]) -> _Known | None:
    digest = entry.get("md5")
    return _Known(str(digest), entry.get("size"), entry.get("nfiles")) if digest else None
