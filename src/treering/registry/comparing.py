"""Versions beside each other: what their runs, models and evaluations say, key by key.

What cannot be read of one version is said, and does not keep the others from being compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from treering.core.errors import InvalidInput, NotFound, TreeringError
from treering.core.uri import join
from treering.entities.evaluation import Evaluation
from treering.entities.governance import Difference, VersionComparison
from treering.entities.model import LoggedModel, ModelVersion
from treering.entities.run import Run
from treering.evaluation.finding import newest_evaluation
from treering.models.mlmodel import FILE_NAME, read_text
from treering.registry.base import VersionedModels
from treering.storage.objects.base import ObjectStore
from treering.storage.objects.texts import read_small_text
from treering.tracking.base import Tracking

__all__ = ["compare"]

_FEWEST, _MOST = 2, 20
_COMMIT_TAGS = ("mlflow.source.git.commit", "mlflow.source.name")
_ORDER = (
    "metric", "evaluation", "param", "input", "output", "parameter", "flavour", "requirement", "data", "code", "tag",
)  # fmt: skip

T = TypeVar("T")
Facts = dict[tuple[str, str], str]


def compare(
    wanted: Sequence[tuple[str, int]],
    tracking: Tracking,
    registry: VersionedModels,
    open_artifacts: Callable[[str], ObjectStore] | None,
) -> VersionComparison:
    """Each version's facts in one table.

    Args:
        open_artifacts: Opens the files below a storage URI; None where they are not at hand.

    Raises:
        InvalidInput: If there are fewer than two versions, or more than 20.
        NotFound: If there is no such version.
    """
    if not _FEWEST <= len(wanted) <= _MOST:
        msg = f"{len(wanted)} versions were given to compare. Give at least {_FEWEST} and at most {_MOST}."
        raise InvalidInput(msg)
    versions = [registry.versions.get(name, number) for name, number in wanted]
    missing: dict[str, str] = {}
    facts = [_facts(version, tracking, open_artifacts, missing) for version in versions]
    keys = sorted({key for known in facts for key in known}, key=lambda key: (_ORDER.index(key[0]), key[1]))
    values = {key: tuple(known.get(key) for known in facts) for key in keys}
    differences = [
        Difference(kind, key, said, len(set(said)) == 1)
        for (kind, key), said in values.items()
        if said != values.get(_said_already(kind, key))
    ]
    return VersionComparison(versions, differences, missing)


def _said_already(kind: str, key: str) -> tuple[str, str]:
    """The line that says the same as this one, if the values are the same: an evaluation logs its metrics, too."""
    plain, on, _ = key.rpartition(" on ")
    if kind == "metric" and on:
        return "metric", plain
    return ("metric", key) if kind == "evaluation" else ("", "")


def _facts(
    version: ModelVersion,
    tracking: Tracking,
    open_artifacts: Callable[[str], ObjectStore] | None,
    missing: dict[str, str],
) -> Facts:
    facts: Facts = {("tag", key): value for key, value in version.tags.items()}
    troubles: list[str] = []
    run = _tried(lambda: tracking.runs.get(version.run_id), troubles) if version.run_id else None
    model = _tried(lambda: tracking.models.get(version.model_id), troubles) if version.model_id else None
    if run is not None:
        facts |= _of_run(run)
    if model is not None:
        facts |= _of_model(model)
    if open_artifacts is not None:
        found = newest_evaluation(tracking.runs, open_artifacts, run, model, partial(_found, troubles))
        facts |= _said(found[0]) if found else {}
        facts |= _tried(lambda: _of_files(open_artifacts(version.storage_uri or version.source)), troubles) or {}
    if troubles:
        missing[f"{version.name}/{version.version}"] = " ".join(troubles)
    return facts


def _tried(read: Callable[[], T], troubles: list[str]) -> T | None:
    try:
        return read()
    except TreeringError as error:
        troubles.append(error.message)
        return None


def _found(troubles: list[str], read: Callable[[], T], _what: str) -> T | None:
    """As `_tried`, where nothing need be there."""
    try:
        return read()
    except NotFound:
        return None
    except TreeringError as error:
        troubles.append(error.message)
        return None


def _of_run(run: Run) -> Facts:
    facts: Facts = {("metric", key): _number(value) for key, value in run.data.metrics.items()}
    facts |= {("param", key): value for key, value in run.data.params.items()}
    facts |= {("code", tag): run.data.tags[tag] for tag in _COMMIT_TAGS if tag in run.data.tags}
    for used in run.inputs.dataset_inputs:
        facts["data", used.dataset.name] = used.dataset.digest
    return facts


def _of_model(model: LoggedModel) -> Facts:
    facts: Facts = {("param", key): value for key, value in model.params.items()}
    # Metrics that judge this model say more of it than those of its run.
    for metric in model.metrics:
        key = f"{metric.key} on {metric.dataset_name}" if metric.dataset_name else metric.key
        facts["metric", key] = _number(metric.value)
    return facts


def _said(evaluation: Evaluation) -> Facts:
    facts: Facts = {("evaluation", key): _number(value) for key, value in evaluation.metrics.items()}
    facts |= {("evaluation", f"check {check.name}"): _outcome(check.passed) for check in evaluation.checks}
    if evaluation.dataset_digest:
        facts["data", f"evaluated on {evaluation.dataset_name}"] = evaluation.dataset_digest
    return facts


def _outcome(passed: bool | None) -> str:  # noqa: FBT001  # the value itself
    return "not enough data" if passed is None else ("passed" if passed else "failed")


def _of_files(store: ObjectStore) -> Facts:
    try:
        text = read_small_text(store, FILE_NAME)
    except NotFound as error:
        msg = f"There is no file {FILE_NAME} among its files, so its signature is not known."
        raise NotFound(msg) from error
    model = read_text(text, join(store.uri, FILE_NAME))
    facts: Facts = {("flavour", name): _release(name, entry) for name, entry in model.flavours.items()}
    if model.signature is not None:
        parts = model.signature.to_dict()
        kinds = {"inputs": "input", "outputs": "output", "params": "parameter"}
        for part, kind in kinds.items():
            facts |= {(kind, key): value for key, value in _columns(parts.get(part) or "[]")}
    try:
        requirements = read_small_text(store, "requirements.txt")
    except NotFound:
        return facts
    for line in requirements.splitlines():
        text = line.split(" #")[0].strip()
        if text and not text.startswith(("#", "-")):
            package = next((text.partition(sign)[0] for sign in ("==", ">=", "<=", "~=", "@") if sign in text), text)
            facts["requirement", package.strip().lower()] = text
    return facts


def _release(flavour: str, entry: Mapping[str, object]) -> str:
    """Of the package that a flavour is for, where it says that."""
    return str(entry.get(f"{flavour}_version") or "saved")


def _columns(text: str) -> Iterator[tuple[str, str]]:
    for number, column in enumerate(json.loads(text)):
        if isinstance(column, Mapping):
            kind = json.dumps(column.get("tensor-spec") or column.get("dtype") or column.get("type"), sort_keys=True)
            optional = "" if column.get("required", True) else " (optional)"
            default = f" = {column['default']!r}" if "default" in column else ""
            yield str(column.get("name") or number), kind.strip('"') + optional + default


def _number(value: float) -> str:
    return repr(float(value))
