"""Fluent calls that log text, dictionaries, figures, images and tables as artifacts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from treering.client.artifacts import run_store, store_of_run
from treering.client.contents import (
    image_path,
    read_columns,
    write_bytes,
    write_dict,
    write_figure,
    write_image,
    write_image_with_preview,
    write_table,
    write_text,
)
from treering.client.experiments import active_experiment_id
from treering.client.frames import FRAMES
from treering.client.runs import run_or_start
from treering.client.search import find_runs
from treering.client.session import Place, session
from treering.core.errors import InvalidInput, NotFound
from treering.entities.page import Query
from treering.storage.objects.base import ObjectStore

__all__ = [
    "IMAGES_TAG",
    "add_image",
    "add_to_table",
    "image_target",
    "load_table",
    "log_dict",
    "log_figure",
    "log_image",
    "log_stream",
    "log_table",
    "log_text",
    "one_target",
    "read_tables",
]

_ARTIFACTS_TAG = "mlflow.loggedArtifacts"
IMAGES_TAG = {"mlflow.loggedImages": "True"}


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Store text as an artifact of the active run."""
    write_text(run_store(run_id), artifact_file, text)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Store a dictionary or list as an artifact: YAML where the name ends with .yaml or .yml, else JSON."""
    write_dict(run_store(run_id), artifact_file, dictionary)


def log_stream(stream: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Store what a binary file object gives."""
    write_bytes(run_store(run_id), artifact_file, stream.read())


def log_figure(figure: Any, artifact_file: str, *, save_kwargs: Mapping[str, Any] | None = None) -> None:
    """Store a Matplotlib or Plotly figure as an artifact. Raises InvalidInput for other objects."""
    write_figure(run_store(), artifact_file, figure, save_kwargs)


def log_image(  # MLflow's signature
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = None,  # noqa: ARG001, FBT001  # as above; an artifact is stored when the call returns
) -> None:
    """Store an image under a name, or as one of a series with a key and a step.

    Raises:
        InvalidInput: If it is no image, or not exactly one of `artifact_file` and `key` is given.
    """
    run = run_or_start()
    add_image(run_store(), image_target(artifact_file, key, step, timestamp), image, one_of_series=key is not None)
    if key is not None:
        run.recorder.tags(run.info.run_id, IMAGES_TAG)


def log_table(data: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Add rows to a table among the artifacts, which is created if need be. Raises InvalidInput."""
    place = session().place
    add_to_table(place, run_id or run_or_start().info.run_id, data, artifact_file)


def load_table(
    artifact_file: str, run_ids: Sequence[str] | None = None, extra_columns: Sequence[str] | None = None
) -> Any:
    """The table of that name in several runs as one data frame.

    Args:
        run_ids: Where to look; all runs of the active experiment that have it unless given.
        extra_columns: Run attributes, tags, params or metrics to add to each row, such as `run_id`.

    Raises:
        NotFound: If none of the runs has it.
    """
    current = session()
    return read_tables(current.place, active_experiment_id(current), artifact_file, run_ids, extra_columns)


def image_target(artifact_file: str | None, key: str | None, step: int | None, timestamp: int | None) -> str:
    """Where an image goes. Raises InvalidInput."""
    one_target(artifact_file, key, step, timestamp)
    return image_path(key or "", step, timestamp) if artifact_file is None else artifact_file


def one_target(artifact_file: str | None, key: str | None, step: int | None, timestamp: int | None) -> None:
    """Raises InvalidInput unless it is either a name, or a series with a step and a time."""
    if (artifact_file is None) == (key is None):
        msg = "Give an image or sound either artifact_file, its name, or key, its series."
        raise InvalidInput(msg)
    if artifact_file is not None and (step is not None or timestamp is not None):
        msg = "step and timestamp go with key; what has a name has neither."
        raise InvalidInput(msg)


def add_image(store: ObjectStore, path: str, image: Any, *, one_of_series: bool) -> None:
    """Store an image; one of a series with a preview."""
    if one_of_series:
        write_image_with_preview(store, path, f"{path.removesuffix('.png')}+compressed.webp", image)
    else:
        write_image(store, path, image)


def add_to_table(place: Place, run_id: str, data: Any, path: str) -> None:
    """Add rows, and note in the run's tags that the table is there."""
    write_table(store_of_run(place, run_id), path, data)
    noted = place.read().tracking.runs.get(run_id).data.tags.get(_ARTIFACTS_TAG, "[]")
    entry = {"path": path, "type": "table"}
    known = json.loads(noted)
    if entry not in known:
        place.recorder.tags(run_id, {_ARTIFACTS_TAG: json.dumps([*known, entry])})


def read_tables(
    place: Place,
    experiment_id: str,
    path: str,
    run_ids: Sequence[str] | None,
    extra_columns: Sequence[str] | None,
) -> Any:
    """As `load_table`."""
    frames = FRAMES.load("pandas")
    if run_ids is None:
        runs = find_runs(place, Query(max_results=100_000, experiment_ids=[experiment_id]))
    else:
        tracking = place.read().tracking
        runs = [tracking.runs.get(run_id) for run_id in run_ids]
    parts = []
    for run in runs:
        try:
            columns = read_columns(place.services().open_artifacts(run.info.artifact_uri), path)
        except NotFound:
            continue
        rows = len(next(iter(columns.values()), []))
        known: dict[str, object] = {
            "run_id": run.info.run_id,
            "run_name": run.info.run_name,
            "experiment_id": run.info.experiment_id,
        }
        known |= {**run.data.tags, **run.data.params, **run.data.metrics}
        parts.append(frames.table(columns | {name: [known.get(name)] * rows for name in extra_columns or ()}))
    if not parts:
        msg = f"No run with a table {path!r} was found. Correct the name, or log it with log_table first."
        raise NotFound(msg)
    return frames.concatenate(parts)
