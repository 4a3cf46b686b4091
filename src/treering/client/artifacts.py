"""Files of runs and models: adding them, listing them, fetching them.

`treering.artifacts` is this module.
"""

from __future__ import annotations

import json
import posixpath
import tempfile
from pathlib import Path
from typing import Any

from treering.assembly import Services
from treering.client.belated import is_belated
from treering.client.runs import run_or_start
from treering.client.session import Place, session
from treering.client.shelter import ShelteredStore
from treering.client.transfers import download_tree, upload_tree
from treering.core.errors import InvalidInput, NotFound
from treering.core.uri import join, parse_model_uri, scheme_of, split_name
from treering.entities.artifact import FileInfo
from treering.registry.locate import locate
from treering.storage.journal.notes import noted_creation
from treering.storage.objects.base import ObjectStore

__all__ = [
    "download_artifacts",
    "download_tree",
    "fresh_folder",
    "get_artifact_uri",
    "list_artifacts",
    "load_dict",
    "load_text",
    "log_artifact",
    "log_artifacts",
    "run_store",
    "store_of_run",
    "upload_named",
    "upload_tree",
]


def log_artifact(local_path: str | Path, artifact_path: str | None = None, run_id: str | None = None) -> None:
    """Add a file, or a folder with its name, to the active run's artifacts.

    Args:
        artifact_path: The folder among the artifacts to put it into.

    Raises:
        NotFound: If there is no such file.
    """
    upload_named(run_store(run_id), Path(local_path), artifact_path or "")


def log_artifacts(local_dir: str | Path, artifact_path: str | None = None, run_id: str | None = None) -> None:
    """Add all files below a folder to the active run's artifacts. Raises NotFound."""
    folder = Path(local_dir)
    if not folder.is_dir():
        msg = f"No such folder: {str(folder)!r}. Give the path of a folder that exists."
        raise NotFound(msg)
    upload_tree(run_store(run_id), folder, artifact_path or "")


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Where the active run's artifacts lie, or one of them.

    While its server cannot be reached, `runs:/<run id>/...`, which stands for it.
    """
    run = run_or_start()
    uri = run.info.artifact_uri
    if is_belated(uri):
        found = run.place.attempt(lambda services: services.tracking.runs.get(run.info.run_id))
        uri = uri if found is None else found.info.artifact_uri
    return join(uri, artifact_path or "")


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """What lies directly in a folder of artifacts, by URI or by run and path; paths start at the root given."""
    services = _settled(_place(tracking_uri))
    uri, prefix = _asked(artifact_uri, run_id, artifact_path)
    store = services.open_artifacts(locate(uri, services.tracking, services.registry, _exists(services)))
    return list(store.list(prefix))


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | Path | None = None,
    tracking_uri: str | None = None,
) -> str:
    """Fetch a file or folder, and return its path on this machine.

    Args:
        dst_path: The folder to put it into, under its path in the run or model; a whole model's files go there
            directly. Without it, what lies on this machine's disk is returned where it is, and the rest goes to
            a temporary folder.

    Raises:
        NotFound: If nothing lies there.
    """
    services = _settled(_place(tracking_uri))
    uri, path = _asked(artifact_uri, run_id, artifact_path)
    where = locate(join(uri, path), services.tracking, services.registry, _exists(services))
    if dst_path is None:
        local = services.open_artifacts(where).local_path("")
        if local is not None and local.exists():
            return str(local)
    target = Path(dst_path) if dst_path else fresh_folder()
    return str(download_tree(services, where, target, _place_of(uri, path if run_id is not None else None)))


def load_text(artifact_uri: str) -> str:
    """The text of a file. Raises NotFound."""
    return Path(download_artifacts(artifact_uri)).read_text(encoding="utf-8")


def load_dict(artifact_uri: str) -> Any:
    """What a JSON file holds. Raises NotFound; InvalidInput if it is no JSON."""
    try:
        return json.loads(load_text(artifact_uri))
    except ValueError as error:
        msg = f"{artifact_uri} is not JSON: {error}. Use load_text or download_artifacts."
        raise InvalidInput(msg) from error


def upload_named(store: ObjectStore, local: Path, prefix: str) -> None:
    """Put a file, or a folder under its own name, below `prefix`. Raises NotFound."""
    if not local.exists():
        msg = f"No such file: {str(local)!r}. Give the path of a file or folder that exists."
        raise NotFound(msg)
    upload_tree(store, local, posixpath.join(prefix, local.name) if local.is_dir() else prefix)


def run_store(run_id: str | None = None) -> ObjectStore:
    """The artifacts of a run, or of the active one; one is started if there is none."""
    if run_id is None:
        run = run_or_start()
        return ShelteredStore(run.place, run.info.run_id, run.info.artifact_uri)
    return store_of_run(session().place, run_id)


def fresh_folder() -> Path:
    """An empty folder for what the caller did not name a place for; the caller removes it."""
    return Path(tempfile.mkdtemp(prefix="treering-"))


def store_of_run(place: Place, run_id: str) -> ObjectStore:
    """The artifacts of a run. Raises NotFound."""
    run = place.attempt(lambda services: services.tracking.runs.get(run_id)) if not _waits(place, run_id) else None
    return ShelteredStore(place, run_id, "" if run is None else run.info.artifact_uri)


def _waits(place: Place, run_id: str) -> bool:
    """Whether the server does not know the run yet."""
    return noted_creation(place.recorder.folder, run_id) is not None


def _place(tracking_uri: str | None) -> Place:
    current = session()
    return current.place if tracking_uri is None else current.place_at(tracking_uri, "")


def _settled(place: Place) -> Services:
    """Its services, once files that wait for delivery are delivered."""
    return place.read() if place.recorder.kept() is not None else place.services()


def _asked(artifact_uri: str | None, run_id: str | None, artifact_path: str | None) -> tuple[str, str]:
    """A URI and a path below it."""
    if (artifact_uri is None) == (run_id is None):
        msg = "Name the artifacts by exactly one of artifact_uri and run_id."
        raise InvalidInput(msg)
    if run_id is not None:
        return f"runs:/{run_id}", artifact_path or ""
    if artifact_path is not None:
        msg = "artifact_path goes with run_id; put the path into artifact_uri instead."
        raise InvalidInput(msg)
    return artifact_uri or "", ""


def _place_of(uri: str, path: str | None) -> str | None:
    """Where in a folder something goes that is fetched, as MLflow has it; None: under its own name.

    Args:
        path: In its run, if it was named by that.
    """
    return parse_model_uri(uri).path if path is None and scheme_of(uri) == "models" else path


def _exists(services: Services) -> Any:
    def exists(uri: str) -> bool:
        root, name = split_name(uri)
        try:
            services.open_artifacts(root).stat(name)
        except NotFound:
            return False
        return True

    return exists
