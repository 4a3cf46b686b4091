"""What a place holds, in a form in which two places can be compared, whatever their ids and addresses are."""

from __future__ import annotations

import hashlib
from typing import Any

from treering.assembly import Services
from treering.core.errors import TreeringError
from treering.entities.lifecycle import Lifecycle, RunStatus
from treering.exchange.bring import IMPORTED_TAG
from treering.exchange.mlflow.give_server import EXPORTED_TAG
from treering.exchange.own import OwnSource
from treering.exchange.points import checksum, joined
from treering.exchange.source import Source

__all__ = ["by_mark", "content", "content_of"]


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


def by_mark(found: dict[str, Any]) -> dict[str, Any]:
    """Content with the ids of the source, which the tags keep, and without what a server does not take: its times."""
    ids = {
        one["tags"][EXPORTED_TAG]: name.removeprefix("run ")
        for name, one in found.items()
        if name.startswith("run ") and EXPORTED_TAG in one["tags"]
    }
    ids |= {
        one[3][EXPORTED_TAG]: name[6:] for name, one in found.items() if name[:6] == "model " and EXPORTED_TAG in one[3]
    }
    text = repr({name: _without_times(name, one) for name, one in sorted(found.items())})
    for old, new in ids.items():
        text = text.replace(new, old)
    parsed: dict[str, Any] = eval(text, {"RunStatus": RunStatus, "Lifecycle": Lifecycle})
    return parsed


def _without_times(name: str, one: Any) -> Any:
    kind = name.partition(" ")[0]
    plain = dict[str, str]
    if kind == "experiment":
        return {key: text for key, text in one[0].items() if key != EXPORTED_TAG}
    if kind == "run":
        info = [str(field) for field in one["info"]]
        tags: plain = {key: text for key, text in one["tags"].items() if key != EXPORTED_TAG}
        return {**one, "info": info, "tags": tags}
    if kind == "model":
        about = [str(field) for field in one[1][:4]]
        tags = {key: text for key, text in one[3].items() if not key.startswith(("treering.", "mlflow."))}
        return [one[0], about, one[2], tags, sorted(map(str, one[4])), one[5]]
    return [str(part) for part in (one[:3] if kind == "registered" else (*one[:1], *one[2:5], one[6]))]
