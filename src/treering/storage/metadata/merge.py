"""What becomes of a run when changes are added to it: the rules, apart from where rows are kept."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from treering.core.errors import Conflict, InvalidInput, NotFound
from treering.entities.dataset import DatasetInput
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.entities.metric import Metric, MetricSegment, MetricSummary, SegmentOutline
from treering.entities.run import (
    RUN_NAME_TAG,
    ModelInput,
    ModelOutput,
    Run,
    RunChanges,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
)
from treering.entities.webhook import Webhook, WebhookChanges

__all__ = [
    "SMALL_SEGMENT",
    "TOO_MANY_SEGMENTS",
    "changed_run",
    "changed_webhook",
    "check_active",
    "in_order",
    "later",
    "merged_linked",
    "merged_params",
    "merged_summary",
    "updated_info",
]

SMALL_SEGMENT = 1000
"""A segment with fewer points than this is worth merging with others."""

TOO_MANY_SEGMENTS = 64
"""From this many small segments of a series on, merging them pays."""


def changed_webhook(webhook: Webhook, changes: WebhookChanges) -> Webhook:
    """`webhook` with what is not None in `changes`; the secret stands apart."""
    names = ("name", "url", "events", "description", "status")
    given = {name: getattr(changes, name) for name in names if getattr(changes, name) is not None}
    changed = replace(webhook, **given)
    return replace(changed, events=tuple(changed.events))


def check_active(info: RunInfo) -> None:
    """Raises InvalidInput if the run is deleted."""
    if info.lifecycle_stage is not Lifecycle.ACTIVE:
        msg = f"The run {info.run_id!r} is deleted; it must be in the 'active' state to be changed. Restore it first."
        raise InvalidInput(msg)


def _rank(point: Metric) -> tuple[int, int, bool, float]:
    is_nan = math.isnan(point.value)
    return point.step, point.timestamp, is_nan, 0.0 if is_nan else point.value


def later(left: Metric, right: Metric) -> Metric:
    """The point with the greater (step, timestamp, value); NaN counts as greatest."""
    return right if _rank(right) >= _rank(left) else left


def _extreme(values: Iterable[float | None], *, largest: bool) -> float | None:
    present = [value for value in values if value is not None]
    if not present:
        return None
    return max(present) if largest else min(present)


def merged_summary(left: MetricSummary, right: MetricSummary) -> MetricSummary:
    """The summary of the points of both."""
    return MetricSummary(
        later(left.last, right.last),
        _extreme((left.minimum, right.minimum), largest=False),
        _extreme((left.maximum, right.maximum), largest=True),
        left.count + right.count,
    )


def merged_params(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Both together.

    Raises:
        InvalidInput: If a param would change its value.
    """
    for key, value in new.items():
        if key in old and old[key] != value:
            msg = (
                f"The param {key!r} of {what} was logged with the value {old[key]!r} already and cannot be"
                f" changed to {value!r}. Use another key, or start another run."
            )
            raise InvalidInput(msg)
    return {**old, **new}


def changed_run(run: Run, changes: RunChanges) -> Run:
    """`run` with `changes` added.

    Raises:
        NotFound: If a tag to be deleted does not exist.
        InvalidInput: If the run is deleted, or a param has another value already.
    """
    check_active(run.info)
    tags = dict(run.data.tags)
    for key in changes.deleted_tags:
        if tags.pop(key, None) is None:
            msg = f"No tag with name: {key} in run with id {run.info.run_id}; there is nothing to delete."
            raise NotFound(msg)
    for key in changes.dropped_tags:
        tags.pop(key, None)
    tags.update(changes.tags)
    summaries = dict(run.data.summaries)
    for key, summary in changes.metrics.items():
        added = replace(summary, last=replace(summary.last, key=key, run_id=run.info.run_id))
        summaries[key] = merged_summary(summaries[key], added) if key in summaries else added
    params = merged_params(f"run {run.info.run_id!r}", run.data.params, changes.params)
    return Run(
        replace(run.info, run_name=changes.tags.get(RUN_NAME_TAG, run.info.run_name)),
        RunData(params, tags, summaries),
        RunInputs(
            _merged_datasets(run.inputs.dataset_inputs, changes.dataset_inputs),
            _merged_inputs(run.inputs.model_inputs, changes.model_inputs),
        ),
        RunOutputs(_merged_outputs(run.outputs.model_outputs, changes.model_outputs)),
    )


def _merged_datasets(old: Sequence[DatasetInput], new: Sequence[DatasetInput]) -> Sequence[DatasetInput]:
    found = {(used.dataset.name, used.dataset.digest): used for used in old}
    for used in new:
        # As in MLflow, a run uses a dataset in the role that was said first.
        found.setdefault((used.dataset.name, used.dataset.digest), used)
    return tuple(found.values())


def _merged_inputs(old: Sequence[ModelInput], new: Sequence[ModelInput]) -> Sequence[ModelInput]:
    return tuple({used.model_id: used for used in (*old, *new)}.values())


def _merged_outputs(old: Sequence[ModelOutput], new: Sequence[ModelOutput]) -> Sequence[ModelOutput]:
    return tuple({made.model_id: made for made in (*old, *new)}.values())


def merged_linked(old: Iterable[Metric], new: Iterable[Metric]) -> list[Metric]:
    """The last point of each (key, dataset) among points of one logged model, in a fixed order."""
    kept: dict[tuple[str, str, str], Metric] = {}
    for point in (*old, *new):
        place = point.key, point.dataset_name, point.dataset_digest
        kept[place] = later(kept[place], point) if place in kept else point
    return [kept[place] for place in sorted(kept)]


def in_order(found: Mapping[int, bytes], blocks: Sequence[MetricSegment | SegmentOutline]) -> list[bytes]:
    """The data of `blocks`. Raises Conflict if that of one was not found."""
    try:
        return [found[block.segment_id] for block in blocks]
    except KeyError as error:
        msg = "A block of metric points was merged into another while it was looked for. Look for the blocks again."
        raise Conflict(msg) from error


def updated_info(info: RunInfo, status: RunStatus | None, end_time: int | None, run_name: str | None) -> RunInfo:
    """`info` with what is not None changed; RUNNING clears the end time."""
    changed = replace(
        info,
        status=info.status if status is None else status,
        end_time=info.end_time if end_time is None else end_time,
        run_name=info.run_name if run_name is None else run_name,
    )
    return replace(changed, end_time=None) if status is RunStatus.RUNNING else changed
