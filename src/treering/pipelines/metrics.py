"""Metrics that stages report in files: shown at one or many revisions, and compared. Nothing is checked out for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from treering.pipelines.readings import Files, expand, in_file, load, reading
from treering.pipelines.snapshots import HERE, SINCE_HEAD, Choice, Snapshot, compared, over_revisions
from treering.pipelines.stages import StageSet
from treering.pipelines.value_changes import DEFAULT_PRECISION, changes_table, values_table
from treering.versioning.repository import Repository

__all__ = ["metrics_at", "metrics_diff", "metrics_diff_text", "metrics_show", "metrics_text"]


def metrics_show(
    repo: Repository, targets: Sequence[str] = (), choice: Choice = HERE, *, base: Path | None = None
) -> dict[str, dict[str, Any]]:
    """The metrics by revision and file, in the shape of DVC's JSON.

    `{revision: {"data": {file: {"data": metrics}}}}`; where something could not be read, `{"error": {"type",
    "msg"}}` stands for it. The revision is "" for the working tree alone. Files are relative to `base`.

    Args:
        targets: Files or folders, relative to `base`, whether or not dvc.yaml names them; all metrics where none are given.
        choice: At which revisions.
        base: The folder where the user stands.

    Raises:
        UnknownRevision: If there is no such revision.
    """
    return over_revisions(repo, choice, lambda at: metrics_at(at, targets), base=base)


def metrics_diff(
    repo: Repository,
    between: tuple[str, str] = SINCE_HEAD,
    *,
    targets: Sequence[str] = (),
    unchanged: bool = False,
    base: Path | None = None,
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What has changed between two revisions: `{file: {metric: {"old", "new", "diff"}}}`, as DVC's JSON.

    Args:
        between: The names of the old and the new one; `workspace` is the working tree.
        targets: As `metrics_show`.
        unchanged: Give what is the same on both sides, too.
        base: The folder where the user stands.

    Returns:
        The changes, and the revisions at which something could not be read.

    Raises:
        UnknownRevision: If there is no such revision.
    """
    return compared(repo, between, lambda at: metrics_at(at, targets), unchanged=unchanged, base=base)


def metrics_at(at: Snapshot, targets: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """The metrics of one revision by file, as they stand in `metrics_show` under `data`."""
    paths = [in_file(str(at.stages.base), target) for target in targets] or _metrics_of(at.stages)
    return {
        at.stages.shown(path): reading(lambda path=path: _metrics_in(at.files, path, at.stages.shown(path)))  # type: ignore[misc]
        for path in expand(at.files, paths)
    }


def _metrics_of(stages: StageSet) -> Iterator[str]:
    """The files that stages report metrics in, and those that stand in a dvc.yaml by themselves."""
    for stage in stages:
        yield from (stage.path_of(out.path) for out in stage.outs if out.metric)
    for definition in stages.pipelines().values():
        yield from (in_file(definition.folder, path) for path in definition.top("metrics"))


def _metrics_in(files: Files, path: str, shown: str) -> Any:
    found = _numbers(load(files, path, shown))
    return {} if found is None else found or {}


def _numbers(value: Any) -> Any:
    """Numbers and texts, also in mappings; of all else None, and nothing at all of it inside of a mapping."""
    if isinstance(value, int | float | str):
        return value
    if not isinstance(value, Mapping):
        return None
    inner = {key: _numbers(one) for key, one in value.items()}
    return {key: one for key, one in inner.items() if one is not None and one != {}}


def metrics_text(
    shown: Mapping[str, Mapping[str, Any]],
    *,
    revision: bool,
    precision: int = DEFAULT_PRECISION,
    markdown: bool = False,
) -> str:
    """The table of what `metrics_show` gives.

    Args:
        revision: Whether to show the column of the revision.
    """
    values = (
        (name, file, one.get("data", {}))
        for name, result in shown.items()
        for file, one in result.get("data", {}).items()
    )
    return values_table(values, revision=revision, precision=precision, markdown=markdown)


def metrics_diff_text(
    changes: Mapping[str, Mapping[str, Any]],
    between: tuple[str, str] = SINCE_HEAD,
    *,
    path: bool = True,
    precision: int = DEFAULT_PRECISION,
    markdown: bool = False,
) -> str:
    """The table of what `metrics_diff` gives."""
    headers = ("Path", "Metric", *between)
    return changes_table(changes, headers, path=path, precision=precision, markdown=markdown)
