"""Fluent calls on logged models and on the model registry."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from treering.client.context import user_name
from treering.client.experiments import active_experiment_id
from treering.client.frames import FRAMES
from treering.client.paging import every
from treering.client.runs import active_run
from treering.client.session import Place, session
from treering.core.errors import AlreadyExists
from treering.core.uri import parse_model_uri, scheme_of
from treering.entities.dataset import Dataset
from treering.entities.lifecycle import LoggedModelStatus
from treering.entities.model import LoggedModel, ModelVersion, RegisteredModel
from treering.entities.page import Query, order_term
from treering.registry.base import NewModelVersion
from treering.tracking.base import NewLoggedModel

__all__ = [
    "create_external_model",
    "delete_logged_model_tag",
    "finalize_logged_model",
    "find_logged_models",
    "get_logged_model",
    "initialize_logged_model",
    "last_logged_model",
    "log_model_params",
    "register_at",
    "register_model",
    "search_logged_models",
    "search_model_versions",
    "search_registered_models",
    "set_logged_model_tags",
    "set_model_version_tag",
]

_PAGE = 200


def register_model(
    model_uri: str,
    name: str,
    await_registration_for: int | None = 300,  # noqa: ARG001  # MLflow's signature; a version is ready when this returns
    *,
    tags: Mapping[str, object] | None = None,
    env_pack: object = None,  # noqa: ARG001  # as above; what a model needs is stored with it
) -> ModelVersion:
    """Register a model as the next version of `name`, which is created if need be.

    Args:
        model_uri: Such as `models:/m-<id>`, `runs:/<run id>/model`, or the URI of a folder.

    Raises:
        NotFound: If there is no such model.
        InvalidInput: If the name cannot be one.
    """
    return register_at(session().place, model_uri, name, tags)


def register_at(place: Place, model_uri: str, name: str, tags: Mapping[str, object] | None = None) -> ModelVersion:
    """As `register_model`, in a given place."""
    services = place.read()
    with contextlib.suppress(AlreadyExists):
        services.registry.models.create(name)
    run_id = model_id = ""
    if scheme_of(model_uri) == "models" and (model_id := parse_model_uri(model_uri).model_id):
        run_id = services.tracking.models.get(model_id).source_run_id
    elif scheme_of(model_uri) == "runs":
        run_id = model_uri.removeprefix("runs:").strip("/").partition("/")[0]
    texts = {key: str(value) for key, value in (tags or {}).items()}
    return services.registry.versions.create(
        NewModelVersion(name, model_uri, run_id, model_id=model_id, user_id=user_name(), tags=texts)
    )


def search_registered_models(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> list[RegisteredModel]:
    """All registered models that match, by name unless asked otherwise. Raises BadFilter."""
    query = Query(filter_string or "", order_by or (), min(max_results or _PAGE, _PAGE))
    return list(islice(every(session().place.services().registry.models.search, query), max_results))


def search_model_versions(
    max_results: int | None = None, filter_string: str | None = None, order_by: Sequence[str] | None = None
) -> list[ModelVersion]:
    """All versions that match, last changed first unless asked otherwise. Raises BadFilter."""
    query = Query(filter_string or "", order_by or (), min(max_results or _PAGE, _PAGE))
    return list(islice(every(session().place.services().registry.versions.search, query), max_results))


def set_model_version_tag(name: str, version: str | int, key: str, value: object) -> None:
    """Tag a version. Raises NotFound."""
    session().place.services().registry.versions.set_tags(name, int(version), {key: str(value)})


def initialize_logged_model(  # MLflow's signature
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Begin to log a model: it is PENDING until `finalize_logged_model`."""
    current = session()
    run = active_run()
    if source_run_id is None and run is not None:
        source_run_id = run.info.run_id
    if experiment_id is None:
        experiment_id = run.info.experiment_id if run is not None else active_experiment_id(current)
    return current.place.services().tracking.models.create(
        NewLoggedModel(experiment_id, name or "", model_type or "", source_run_id or "", params, tags)
    )


def create_external_model(  # MLflow's signature
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A READY logged model whose files lie elsewhere."""
    model = initialize_logged_model(name, source_run_id, tags, params, model_type, experiment_id)
    return finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def finalize_logged_model(model_id: str, status: LoggedModelStatus | str) -> LoggedModel:
    """Say whether a model's files are complete. Raises NotFound."""
    return session().place.services().tracking.models.finalize(model_id, LoggedModelStatus(status))


def get_logged_model(model_id: str) -> LoggedModel:
    """Raises NotFound."""
    return session().place.read().tracking.models.get(model_id)


def last_logged_model() -> LoggedModel | None:
    """The model that the active run logged last, or None."""
    run = active_run()
    if run is None:
        return None
    query = Query(f"source_run_id = '{run.info.run_id}'", max_results=1, experiment_ids=[run.info.experiment_id])
    return next(iter(run.place.read().tracking.models.search(query).items), None)


def search_logged_models(  # MLflow's signature
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    datasets: Sequence[Mapping[str, str]] | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | Sequence[str] | None = None,
    output_format: Literal["pandas", "list"] = "pandas",
) -> Any:
    """Logged models that match, newest first unless asked otherwise.

    Args:
        datasets: Dictionaries with `dataset_name` and, if wanted, `dataset_digest`, that narrow conditions on metrics.
        order_by: Terms, or dictionaries with `field_name`, `ascending` and, for a metric, `dataset_name` and
            `dataset_digest`, as MLflow writes them.
    """
    current = session()
    ids = list(experiment_ids) if experiment_ids else [active_experiment_id(current)]
    found = find_logged_models(current.place, ids, filter_string, datasets, max_results, order_by)
    return found if output_format == "list" else FRAMES.load("pandas").models(found)


def find_logged_models(  # as `search_logged_models`
    place: Place,
    experiment_ids: Sequence[str],
    filter_string: str | None,
    datasets: Sequence[Mapping[str, str]] | None,
    max_results: int | None,
    order_by: Sequence[Mapping[str, Any]] | Sequence[str] | None,
) -> list[LoggedModel]:
    """As `search_logged_models`, as a list."""
    models = place.read().tracking.models
    wanted = [_wanted_dataset(one) for one in datasets or ()]
    query = Query(
        filter_string or "",
        [_term(one) for one in order_by or ()],
        min(max_results or _PAGE, _PAGE),
        experiment_ids=experiment_ids,
    )
    return list(islice(every(lambda page: models.search(page, wanted), query), max_results))


def set_logged_model_tags(model_id: str, tags: Mapping[str, object]) -> None:
    """Tag a logged model. Raises NotFound."""
    texts = {key: str(value) for key, value in tags.items()}
    session().place.services().tracking.models.set_tags(model_id, texts)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Remove a tag of a logged model. Raises NotFound."""
    session().place.services().tracking.models.delete_tag(model_id, key)


def log_model_params(params: Mapping[str, object], model_id: str | None = None) -> None:
    """Add params to a logged model, the last one of the active run unless one is named. Raises NotFound."""
    if model_id is None:
        last = last_logged_model()
        model_id = last.model_id if last else ""
    texts = {key: str(value) for key, value in params.items()}
    session().place.services().tracking.models.log_params(model_id, texts)


def _wanted_dataset(given: Mapping[str, str]) -> Dataset:
    return Dataset(given["dataset_name"], given.get("dataset_digest", ""), "", "")


def _term(given: Mapping[str, Any] | str) -> str:
    if isinstance(given, str):
        return given
    dataset = {key: given[key] or "" for key in ("dataset_name", "dataset_digest") if key in given}
    return order_term(given["field_name"], ascending=given.get("ascending", True), **dataset)
