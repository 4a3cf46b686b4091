"""Where the parts of a bundle come from: models by their URIs, with their runs and data, and the commit of the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from treering.bundles.build import ModelSource
from treering.bundles.manifest import DataVersion, Lineage
from treering.client.capture.source import look_at_source
from treering.client.model_loading import fetch_model
from treering.client.session import session
from treering.core.errors import NotFound
from treering.core.uri import local_path, parse_model_uri, scheme_of
from treering.entities.dataset import DatasetInput
from treering.models import mlmodel
from treering.registry.locate import find_version

__all__ = ["lineage_of", "model_sources", "name_for"]

_STRANGE = re.compile(r"[^a-z0-9._-]+")


def model_sources(given: Sequence[str]) -> list[ModelSource]:
    """Models as a user writes them: URIs or folders, which may have a name before them, as in `churn=models:/churn/3`.

    Raises:
        NotFound: If there is no such model.
    """
    return [_source(one) for one in given]


def lineage_of(models: Iterable[ModelSource], code: Path | None) -> Lineage:
    """What a bundle came of, as far as that is known here: models without a run have no data."""
    source = None if code is None else look_at_source(code, 0, with_diff=False)
    runs = {one.run_id for one in models if one.run_id}
    data: dict[tuple[str, str], DataVersion] = {}
    for run_id in sorted(runs):
        with suppress(NotFound):
            for one in session().place.read().tracking.runs.get(run_id).inputs.dataset_inputs:
                data[one.dataset.name, one.dataset.digest] = _version_of(one)
    found = Lineage(runs=tuple(sorted(runs)), data=tuple(data[key] for key in sorted(data)))
    if source is None:
        return found
    return replace(found, git_commit=source.commit, git_url=source.remote, git_dirty=source.is_dirty)


def name_for(text: str) -> str:
    """A name that a bundle can have, made of any text."""
    return _STRANGE.sub("-", text.lower()).strip("-._")[:100] or "model"


def _source(given: str) -> ModelSource:
    name, sign, uri = given.partition("=")
    if not sign or "/" in name or ":" in name:
        name, uri = "", given
    scheme = scheme_of(uri)
    if scheme == "file" and local_path(uri).is_dir():
        place = local_path(uri)
        said = mlmodel.read(place)
        return ModelSource(name or name_for(place.name), place, place.as_uri(), "", said.run_id, said.model_id)
    if scheme == "models" and not (wanted := parse_model_uri(uri)).model_id:
        version = find_version(wanted, session().place.read().registry)
        exact = f"models:/{version.name}/{version.version}"
        own = name or name_for(version.name)
        return ModelSource(own, fetch_model(exact), exact, str(version.version), version.run_id, version.model_id)
    place = fetch_model(uri)
    said = mlmodel.read(place)
    last = said.artifact_path or uri.rstrip("/").rpartition("/")[2]
    return ModelSource(name or name_for(Path(last).name), place, uri, "", said.run_id, said.model_id)


def _version_of(one: DatasetInput) -> DataVersion:
    return DataVersion(one.dataset.name, one.dataset.digest, one.context)
