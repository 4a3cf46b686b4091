"""What a place holds, in a form in which two places can be compared, whatever their ids and addresses are."""

from __future__ import annotations

import hashlib
from typing import Any

from treering.assembly import Services
from treering.core.errors import TreeringError
from treering.exchange.bring import IMPORTED_TAG
from treering.exchange.own import OwnSource
from treering.exchange.points import checksum, joined
from treering.exchange.source import Source

__all__ = ["content", "content_of"]


def content_of(services: Services) -> dict[str, Any]:
    """All that `services` keep."""
    return content(OwnSource(services))


def content(source: Source) -> dict[str, Any]:
    """By kind and name or id; points and files by their checksums."""
    found: dict[str, Any] = {}
    for experiment in source.experiments():
        name = f"{experiment.name} {experiment.lifecycle_stage}"
        tags = {key: value for key, value in experiment.tags.items() if key != IMPORTED_TAG}
        found[f"experiment {name}"] = (tags, experiment.creation_time if experiment.name != "Default" else 0)
        for one in source.runs(experiment.experiment_id):
            info, data = one.run.info, one.run.data
            found[f"run {info.run_id}"] = {
                "of": name,
                "info": (
                    info.run_name,
                    info.user_id,
                    info.status,
                    info.start_time,
                    info.end_time,
                    info.lifecycle_stage,
                ),
                "params": dict(data.params),
                "tags": dict(data.tags),
                "points": _points(source, one.run),
                "datasets": sorted(repr(used) for used in one.run.inputs.dataset_inputs),
                "reads": sorted(used.model_id for used in one.run.inputs.model_inputs),
                "writes": sorted((made.model_id, made.step) for made in one.run.outputs.model_outputs),
                "files": _files(source, info.artifact_uri),
            }
        for model in source.logged_models(experiment.experiment_id):
            points = {(p.key, repr(p.value), p.timestamp, p.step, p.dataset_name, p.run_id) for p in model.metrics}
            about = (model.name, model.model_type, model.status, model.source_run_id, model.creation_time)
            texts = dict(model.params), dict(model.tags)
            found[f"model {model.model_id}"] = (name, about, *texts, points, _files(source, model.artifact_uri))
    for registered in source.registered_models():
        about_it = registered.description, dict(registered.tags), dict(registered.aliases), registered.creation_time
        found[f"registered {registered.name}"] = about_it
        for version in source.versions(registered.name):
            found[f"version {version.version} of {version.name}"] = (
                version.stage, version.status, version.description, version.run_id, dict(version.tags),
                version.creation_time, _files(source, version.storage_uri),
            )  # fmt: skip
    return found


def _points(source: Source, run: Any) -> dict[str, tuple[int, int]]:
    parts: dict[str, list[Any]] = {}
    for key, columns in source.histories(run):
        parts.setdefault(key, []).append(columns)
    return {key: (len(joined(some)), checksum(joined(some))) for key, some in parts.items() if len(joined(some))}


def _files(source: Source, uri: str) -> Any:
    try:
        store = source.artifacts(uri)
        return {one.path: hashlib.sha256(b"".join(store.read(one.path))).hexdigest() for one in store.walk()}
    except TreeringError as error:
        return str(type(error))
