"""Who stands before a gate: a run or a registered version, with all evaluations that are known of it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from treering.assembly import Services
from treering.ci.document import Picture
from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import ModelUri, parse_model_uri, parse_runs_uri, scheme_of
from treering.entities.evaluation import Evaluation
from treering.entities.model import LoggedModel, ModelVersion
from treering.entities.run import Run
from treering.evaluation.measured import measured_by, with_measured
from treering.evaluation.record import RECORD_PATH, ROWS_PATH, from_json
from treering.evaluation.rows import Rows, from_bytes
from treering.registry.locate import find_version

__all__ = ["Contestant", "contestant", "pictures_of", "rows_of", "same_evaluations"]

_MOST_RUNS = 50
_MOST_PICTURES = 12
_LARGEST_PICTURE = 512 << 10
_PICTURES = {".png": "image/png", ".svg": "image/svg+xml"}
_RUN_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model with what is known of it.

    Attributes:
        uri: `models:/<name>/<version>`, `models:/m-<id>` or `runs:/<id>`: it means the same tomorrow.
        label: What people call it.
        run: The run that made it; None where that is not known.
        evaluations: The newest first. Where nobody evaluated it, the metrics of its run stand for an evaluation.
    """

    uri: str
    label: str
    run: Run | None = None
    version: ModelVersion | None = None
    model: LoggedModel | None = None
    evaluations: tuple[Evaluation, ...] = ()

    @property
    def name(self) -> str:
        """The registered model that it is a version of; "" for none."""
        return self.version.name if self.version else ""


def contestant(services: Services, uri: str) -> Contestant:
    """Find a model by the URI of a run, a logged model or a registered version, or by the id of a run.

    Raises:
        NotFound: If there is no such run, model, version or alias.
        InvalidInput: If `uri` is none of these.
    """
    if _RUN_ID.fullmatch(uri):
        uri = f"runs:/{uri}"
    scheme = scheme_of(uri)
    if scheme == "runs":
        run = services.tracking.runs.get(parse_runs_uri(uri).run_id)
        models = [one for output in run.outputs.model_outputs if (one := _model(services, output.model_id))]
        found = Contestant(f"runs:/{run.info.run_id}", run.info.run_name or run.info.run_id, run)
        # A run that made several models is judged as a whole; which one would be registered is another question.
        return _evaluated(services, found, models[-1] if len(models) == 1 else None)
    if scheme != "models":
        msg = (
            f"{uri!r} names no model. Write a run's id, runs:/<id>, models:/<name>/<version> or models:/<name>@<alias>."
        )
        raise InvalidInput(msg)
    wanted = parse_model_uri(uri)
    if wanted.model_id:
        model = services.tracking.models.get(wanted.model_id)
        found = Contestant(f"models:/{model.model_id}", model.name, _run(services, model.source_run_id))
        return _evaluated(services, found, model)
    return _of_version(services, wanted)


def rows_of(services: Services, evaluation: Evaluation) -> Rows | None:
    """What the model said of each row; None where that was not kept."""
    run = _run(services, evaluation.run_id)
    data = None if run is None else _artifact(services, run, ROWS_PATH)
    return None if data is None else from_bytes(data, f"runs:/{evaluation.run_id}/{ROWS_PATH}")


def pictures_of(services: Services, evaluation: Evaluation | None) -> tuple[Picture, ...]:
    """The plots that the evaluation kept, in its order; what is too large for a page is left out."""
    run = _run(services, evaluation.run_id) if evaluation else None
    found: list[Picture] = []
    for name, path in evaluation.files.items() if evaluation and run else ():
        kind = _PICTURES.get(posixpath.splitext(path)[1].lower())
        wanted = kind and run and len(found) < _MOST_PICTURES
        data = _artifact(services, run, path, _LARGEST_PICTURE) if wanted and run else None
        if kind and data:
            label = name.removesuffix("_plot").replace("_", " ")
            found.append(Picture(label, posixpath.basename(path), kind, data))
    return tuple(found)


def same_evaluations(candidate: Contestant, champion: Contestant | None) -> tuple[Evaluation | None, Evaluation | None]:
    """The newest evaluation of each, on the same data where there is such a pair."""
    first = next(iter(candidate.evaluations), None)
    if champion is None:
        return first, None
    for ours in candidate.evaluations:
        for theirs in champion.evaluations:
            if ours.dataset_digest and ours.dataset_digest == theirs.dataset_digest:
                return ours, theirs
    return first, next(iter(champion.evaluations), None)


def _of_version(services: Services, wanted: ModelUri) -> Contestant:
    version = find_version(wanted, services.registry)
    run = _run(services, version.run_id)
    found = Contestant(f"models:/{version.name}/{version.version}", f"{version.name} {version.version}", run, version)
    return _evaluated(services, found, _model(services, version.model_id))


def _evaluated(services: Services, found: Contestant, model: LoggedModel | None) -> Contestant:
    """With the evaluations of the run that made the model, and of all runs that judged the model since."""
    run_ids = [found.run.info.run_id] if found.run else []
    judged = sorted(model.metrics, key=lambda metric: metric.timestamp, reverse=True) if model else []
    run_ids += list(dict.fromkeys(metric.run_id for metric in judged if metric.run_id))[:_MOST_RUNS]
    own = {found.uri, f"models:/{model.model_id}" if model else found.uri}
    if found.version:
        own.add(found.version.source)
    evaluations = list(_evaluations(services, dict.fromkeys(run_ids), own, model))
    evaluations.sort(key=lambda one: one.created, reverse=True)
    if not evaluations and found.run and (instead := measured_by(found.run)):
        evaluations = [instead]
    return replace(found, model=model, evaluations=tuple(evaluations))


def _evaluations(
    services: Services, run_ids: Iterable[str], own: set[str], model: LoggedModel | None
) -> Iterator[Evaluation]:
    for run_id in run_ids:
        run = _run(services, run_id)
        data = None if run is None else _artifact(services, run, RECORD_PATH)
        if run is None or data is None:
            continue
        record = from_json(data, f"runs:/{run_id}/{RECORD_PATH}")
        # A run may judge another model than the one it made.
        about = {record.model_uri, f"models:/{record.model_id}"} if record.model_uri or record.model_id else own
        if model is None or about & own or record.model_id == model.model_id:
            yield with_measured(record, run)


def _run(services: Services, run_id: str) -> Run | None:
    if run_id:
        with suppress(NotFound):
            return services.tracking.runs.get(run_id)
    return None


def _model(services: Services, model_id: str) -> LoggedModel | None:
    if model_id:
        with suppress(NotFound):
            return services.tracking.models.get(model_id)
    return None


def _artifact(services: Services, run: Run, path: str, most: int | None = None) -> bytes | None:
    """What is there, unless it is larger than `most`."""
    with suppress(NotFound):
        store = services.open_artifacts(run.info.artifact_uri)
        if most is None or (store.stat(path).size or 0) <= most:
            return b"".join(store.read(path))
    return None
