"""Fluent calls on where to track, and on experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from treering.client.belated import belated_experiment, experiment_named, name_in
from treering.client.paging import every
from treering.client.session import Place, Session, session
from treering.core.errors import InvalidInput, NotFound, Unavailable
from treering.entities.experiment import DEFAULT_EXPERIMENT_ID, Experiment
from treering.entities.lifecycle import Lifecycle, View
from treering.entities.page import Query

if TYPE_CHECKING:
    from treering.assembly import Services

__all__ = [
    "active_experiment_id",
    "create_at",
    "create_experiment",
    "delete_experiment",
    "delete_experiment_tag",
    "get_at",
    "get_by_name_at",
    "get_experiment",
    "get_experiment_by_name",
    "get_or_create",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "restore_experiment",
    "search_experiments",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_registry_uri",
    "set_tracking_uri",
]


def set_tracking_uri(uri: str | Path) -> None:
    """Track in another place from now on: "" for the embedded store, a folder, a database or a server's URL."""
    current = session()
    current.move(str(uri), _registry_uri(current))


def get_tracking_uri() -> str:
    """Where runs are tracked."""
    return session().place.tracking_uri


def is_tracking_uri_set() -> bool:
    """Whether anything else than the embedded store was chosen."""
    return bool(session().place.target.uri)


def set_registry_uri(uri: str) -> None:
    """Register models in another place than where runs are tracked; "" for the same place."""
    current = session()
    current.move(current.place.target.uri, uri)


def get_registry_uri() -> str:
    """Where models are registered."""
    return session().place.registry_uri


def set_experiment(
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    trace_location: object = None,  # noqa: ARG001  # MLflow's signature; there are no traces here
) -> Experiment:
    """Make an experiment the active one; one of that name is created if need be.

    While the server cannot be reached, the experiment that is returned has only its name,
    or its id; runs are put into it when they are delivered.

    Raises:
        InvalidInput: If both or neither are given, or the experiment is deleted.
        NotFound: If there is no experiment with that id.
    """
    if (experiment_name is None) == (experiment_id is None):
        msg = "Must specify exactly one of: `experiment_id` or `experiment_name`."
        raise InvalidInput(msg)
    current = session()
    name = experiment_name or ""

    def ask(services: Services) -> Experiment:
        experiments = services.tracking.experiments
        return experiments.get(experiment_id) if experiment_id else experiment_named(experiments, name)

    experiment = current.place.attempt(ask) or belated_experiment(name, experiment_id or "")
    if experiment.lifecycle_stage is not Lifecycle.ACTIVE:
        msg = (
            f"Cannot set a deleted experiment {experiment.name!r} as the active experiment."
            " Restore it, delete it for good, or choose another name."
        )
        raise InvalidInput(msg)
    current.choose(experiment.experiment_id)
    return experiment


def create_experiment(
    name: str,
    artifact_location: str | None = None,
    tags: Mapping[str, object] | None = None,
    trace_location: object = None,  # noqa: ARG001  # as above
) -> str:
    """Make an experiment and return its id.

    While the server cannot be reached, the id stands for the name, and the experiment
    is found or made when the first run in it is delivered.

    Raises:
        AlreadyExists: If there is one of that name.
        InvalidInput: If a name or tag cannot be stored.
        Unavailable: If the server cannot be reached, and the experiment is to have a place for artifacts, or tags.
    """
    return create_at(session().place, name, artifact_location, tags)


def get_experiment(experiment_id: str) -> Experiment:
    """Raises NotFound."""
    return get_at(session().place, experiment_id)


def get_experiment_by_name(name: str) -> Experiment | None:
    """The experiment, or None if there is none of that name.

    While the server cannot be reached, one of which no more is known than its name, as `set_experiment` gives it.
    """
    return get_by_name_at(session().place, name)


def search_experiments(
    view_type: View | str = View.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Experiment]:
    """All experiments that match, newest first unless asked otherwise. Raises BadFilter."""
    query = Query(filter_string or "", order_by or (), min(max_results or 1000, 1000), "", View(view_type))
    return list(islice(every(session().place.services().tracking.experiments.search, query), max_results))


def delete_experiment(experiment_id: str) -> None:
    """Delete softly, with its runs. Raises NotFound."""
    session().place.read().tracking.experiments.delete(experiment_id)


def restore_experiment(experiment_id: str) -> None:
    """Undo `delete_experiment`. Raises NotFound, AlreadyExists."""
    session().place.services().tracking.experiments.restore(experiment_id)


def set_experiment_tag(key: str, value: object) -> None:
    """Tag the active experiment."""
    set_experiment_tags({key: value})


def set_experiment_tags(tags: Mapping[str, object]) -> None:
    """Tag the active experiment."""
    current = session()
    texts = {key: str(value) for key, value in tags.items()}
    current.place.services().tracking.experiments.set_tags(active_experiment_id(current), texts)


def delete_experiment_tag(key: str) -> None:
    """Remove a tag of the active experiment. Raises NotFound."""
    current = session()
    current.place.services().tracking.experiments.delete_tag(active_experiment_id(current), key)


def active_experiment_id(current: Session) -> str:
    """The experiment for runs that name none: the active one, else what the settings say, else the default."""
    if not current.experiment_id:
        name = current.settings.experiment_name
        if name:
            place = current.place
            found = place.attempt(lambda services: experiment_named(services.tracking.experiments, name))
            current.experiment_id = (found or belated_experiment(name)).experiment_id
        else:
            current.experiment_id = current.settings.experiment_id or DEFAULT_EXPERIMENT_ID
    return current.experiment_id


def get_or_create(place: Place, name: str) -> Experiment:
    """The experiment of that name, made if there is none; two processes that do this at once get the same one."""
    return experiment_named(place.services().tracking.experiments, name)


def create_at(
    place: Place, name: str, artifact_location: str | None = None, tags: Mapping[str, object] | None = None
) -> str:
    """As `create_experiment`, at a place."""
    texts = {key: str(value) for key, value in (tags or {}).items()}
    made = place.attempt(lambda services: services.tracking.experiments.create(name, artifact_location or "", texts))
    if made is not None:
        return made.experiment_id
    if artifact_location or texts:
        msg = (
            f"The experiment {name!r} cannot be made with a place for artifacts or with tags while the server cannot be"
            " reached. Call set_experiment(name), which can wait, or make the experiment when the server is there."
        )
        raise Unavailable(msg)
    return belated_experiment(name).experiment_id


def get_at(place: Place, experiment_id: str) -> Experiment:
    """As `get_experiment`, at a place; also for an id that stands for a name."""
    name = name_in(experiment_id)
    if not name:
        return place.services().tracking.experiments.get(experiment_id)
    return get_by_name_at(place, name) or belated_experiment(name)


def get_by_name_at(place: Place, name: str) -> Experiment | None:
    """As `get_experiment_by_name`, at a place."""
    try:
        found = place.attempt(lambda services: services.tracking.experiments.get_by_name(name))
    except NotFound:
        return None
    return found or belated_experiment(name)


def _registry_uri(current: Session) -> str:
    place = current.place
    return "" if place.registry_uri == place.tracking_uri else place.registry_uri
