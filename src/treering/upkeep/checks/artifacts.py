"""Whether the files that models and versions point at are there, and whether files lie about that belong to nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from treering.assembly import Services
from treering.core.errors import DamagedData, NotFound, TreeringError
from treering.core.uri import local_path, scheme_of
from treering.entities.lifecycle import LoggedModelStatus, View
from treering.entities.page import Query, every
from treering.models.mlmodel import FILE_NAME, read_text
from treering.storage.objects.base import ObjectStore
from treering.upkeep.checks.runs import experiment_ids
from treering.upkeep.finding import Case, Examined, Finding, listed

__all__ = ["check_artifacts"]

_PAGE = 1000
_PART = ".treering-part-"
_A_DAY = 86_400
_RUN = re.compile(r"[0-9a-f]{32}")
_MODEL = re.compile(r"m-[0-9a-f]{32}")
# What a flavour's entry names that lies in the model's folder.
_NAMED = ("model_path", "data", "model_data", "python_model", "env")


def check_artifacts(case: Case, services: Services) -> Examined:
    """Looks at the files of ready models and of versions, and at the folder of artifacts where it is this machine's."""
    findings: list[Finding] = []
    models = versions = 0
    for uri, name in _model_places(services):
        models += 1
        findings += _faults(services, uri, name)
    for uri, name in _version_places(services):
        versions += 1
        findings += _faults(services, uri, name)
    root = case.settings.artifacts_destination or str(case.home / "artifacts")
    if scheme_of(root) == "file":
        folder = local_path(root)
        findings += _orphans(services, folder)
        findings += _torn(case, folder)
    return Examined("artifacts", f"{models} models, {versions} versions", findings)


def _model_places(services: Services) -> Iterator[tuple[str, str]]:
    everywhere = experiment_ids(services)
    for start in range(0, len(everywhere), _PAGE):
        query = Query(experiment_ids=everywhere[start : start + _PAGE], max_results=_PAGE)
        for model in every(services.tracking.models.search, query):
            if model.status is LoggedModelStatus.READY:
                yield model.artifact_uri, f"The model {model.name} ({model.model_id})"


def _version_places(services: Services) -> Iterator[tuple[str, str]]:
    for version in every(services.registry.versions.search, Query(max_results=_PAGE)):
        uri = version.storage_uri or version.source
        if uri and scheme_of(uri) not in {"models", "runs"}:
            yield uri, f"The version {version.version} of the registered model {version.name}"


def _faults(services: Services, uri: str, name: str) -> Iterator[Finding]:
    restore = f"Restore {uri} from a backup, or log the model again."
    try:
        store = services.open_artifacts(uri)
        if not store.list():
            yield Finding(
                f"{name} has no files: {uri} is empty.", "Somebody removed them, or a disk is missing.", restore
            )
            return
        text = _read(store, FILE_NAME)
        if text is None:
            return  # a model of another kind, which says nothing of its files
        missing = [
            path for path in _named(read_text(text, f"{uri}/{FILE_NAME}").flavours) if not _is_there(store, path)
        ]
    except DamagedData as error:
        yield Finding(f"{name} cannot be loaded: {error.message}", "Its description is damaged.", restore)
    except TreeringError as error:
        yield Finding(
            f"{name} cannot be read: {error.message}", "Its place cannot be used from here.", "treering config"
        )
    else:
        if missing:
            yield Finding(f"{name} lacks {listed(missing)} in {uri}.", f"Its {FILE_NAME} names them.", restore)


def _read(store: ObjectStore, key: str) -> str | None:
    try:
        return b"".join(store.read(key)).decode("utf-8", "replace")
    except NotFound:
        return None


def _is_there(store: ObjectStore, key: str) -> bool:
    try:
        store.stat(key)
    except NotFound:
        return False
    return True


def _named(flavours: Any) -> list[str]:
    found: dict[str, None] = {}
    for entry in flavours.values():
        for field in _NAMED:
            value = entry.get(field)
            for path in value.values() if isinstance(value, dict) else (value,):
                if isinstance(path, str) and path and not path.startswith(("/", ".", "{")):
                    found[path] = None
    return list(found)


def _orphans(services: Services, root: Path) -> Iterator[Finding]:
    """Folders of runs and models of which the store knows nothing."""
    runs = [path for path in root.glob("*/*") if _RUN.fullmatch(path.name)]
    models = [path for path in root.glob("*/models/*") if _MODEL.fullmatch(path.name)]
    known = _known_ids(services) if runs or models else set()
    names = sorted(str(path) for path in (*runs, *models) if path.name not in known)
    if names:
        yield Finding(
            f"{len(names)} folders of artifacts belong to no run and no model: {listed(names)}.",
            "They were written behind the store's back, or the database is an older copy than the artifacts.",
            f"ls {names[0]}  # what nobody needs may be removed",
        )


def _known_ids(services: Services) -> set[str]:
    """Of all runs and models, deleted ones too."""
    found: set[str] = set()
    everywhere = experiment_ids(services)
    for start in range(0, len(everywhere), _PAGE):
        query = Query(experiment_ids=everywhere[start : start + _PAGE], view=View.ALL, max_results=_PAGE)
        found.update(run.info.run_id for run in every(services.tracking.runs.search, query))
        found.update(model.model_id for model in every(services.tracking.models.search, query))
    return found


def _torn(case: Case, root: Path) -> Iterator[Finding]:
    """What uploads that were broken off left; a fresh one may still be under way."""
    torn = [path for path in root.rglob(f"{_PART}*") if time.time() - path.stat().st_mtime > _A_DAY]
    if torn:
        size = sum(path.stat().st_size for path in torn) / 1e6
        fixed = ""
        if case.fix:
            for path in torn:
                path.unlink(missing_ok=True)
            fixed = f"Removed {len(torn)}."
        yield Finding(
            f"{len(torn)} pieces of files lie below {root} ({size:.1f} MB).",
            "Programs were killed while they wrote these files; they appear nowhere.",
            "treering doctor --fix",
            fixed,
        )
