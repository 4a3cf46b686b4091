"""What a version may be registered from, and where its files then lie.

A registered source can be downloaded by everyone who may read the registry. So a
path on the server's own disk, or behind its artifact proxy, is taken only inside
the artifacts of the run or logged model that the version is said to come from.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import join, local_path, parse_model_uri, parse_runs_uri, scheme_of
from treering.registry.base import NewModelVersion, VersionedModels
from treering.registry.locate import find_logged_model, find_version
from treering.registry.names import check_present
from treering.tracking.base import Tracking

__all__ = ["Source", "resolve"]

_PROXIED = "mlflow-artifacts"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a version comes from, as far as it could be found out."""

    storage_uri: str
    run_id: str
    model_id: str


def resolve(new: NewModelVersion, tracking: Tracking, registry: VersionedModels) -> Source:
    """Follow `new.source` to the files.

    Raises:
        InvalidInput: If the source is empty or malformed, does not belong to the given
            run or model, or is a path that lies outside their artifacts.
        NotFound: If it names a run, model or version that does not exist.
    """
    check_present(new.source, "source")
    scheme = scheme_of(new.source)
    if _climbs(new.source):
        _refuse(new, "it must not climb with '..'")
    if scheme == "models":
        return _from_model(new, tracking, registry)
    if scheme == "runs":
        return _from_run(new, tracking)
    if scheme in {"file", _PROXIED} and not any(_within(new.source, root) for root in _roots(new, tracking)):
        _refuse(
            new,
            "a local or proxied path has to lie inside the artifact directory of the run or logged model"
            " that run_id or model_id names. Log the model to a run first",
        )
    return Source(new.source, new.run_id, new.model_id)


def _from_model(new: NewModelVersion, tracking: Tracking, registry: VersionedModels) -> Source:
    wanted = parse_model_uri(new.source)
    if not wanted.model_id:
        version = find_version(wanted, registry)
        storage_uri = join(version.storage_uri or version.source, wanted.path)
        return Source(storage_uri, new.run_id or version.run_id, new.model_id or version.model_id)
    if new.model_id not in {"", wanted.model_id}:
        _refuse(new, f"it names another model than the model_id {new.model_id}")
    model = tracking.models.get(wanted.model_id)
    return Source(join(model.artifact_uri, wanted.path), new.run_id or model.source_run_id, wanted.model_id)


def _from_run(new: NewModelVersion, tracking: Tracking) -> Source:
    wanted = parse_runs_uri(new.source)
    if new.run_id not in {"", wanted.run_id}:
        _refuse(new, f"it names another run than the run_id {new.run_id}")
    run = tracking.runs.get(wanted.run_id)
    model = tracking.models.get(new.model_id) if new.model_id else find_logged_model(wanted, run, tracking)
    name, _, rest = wanted.path.partition("/")
    if model is None or model.name != name:
        return Source(join(run.info.artifact_uri, wanted.path), wanted.run_id, new.model_id)
    return Source(join(model.artifact_uri, rest), wanted.run_id, model.model_id)


def _roots(new: NewModelVersion, tracking: Tracking) -> Iterator[str]:
    """Artifact URIs of the given model, of the given run, and of the models that the run wrote."""
    if new.model_id:
        yield tracking.models.get(new.model_id).artifact_uri
    if new.run_id:
        run = tracking.runs.get(new.run_id)
        yield run.info.artifact_uri
        for output in run.outputs.model_outputs:
            try:
                yield tracking.models.get(output.model_id).artifact_uri
            except NotFound:
                continue  # deleted since


def _within(uri: str, root: str) -> bool:
    if scheme_of(uri) != scheme_of(root):
        return False
    if scheme_of(uri) == "file":
        # Symbolic links are followed, so that none leads out.
        return local_path(uri).resolve().is_relative_to(local_path(root).resolve())
    inner, outer = urlsplit(uri), urlsplit(root)
    folder = posixpath.normpath(unquote(outer.path))
    path = posixpath.normpath(unquote(inner.path))
    return inner.netloc in {"", outer.netloc} and (path == folder or path.startswith(f"{folder}/"))


def _climbs(uri: str) -> bool:
    text, decoded = uri, unquote(uri)
    while text != decoded:  # more than one layer of percent-encoding
        text, decoded = decoded, unquote(decoded)
    return ".." in text.replace("\\", "/").split("/") or "\0" in text


def _refuse(new: NewModelVersion, reason: str) -> None:
    msg = f"Invalid model version source: {json.dumps(new.source)}: {reason}."
    raise InvalidInput(msg)
