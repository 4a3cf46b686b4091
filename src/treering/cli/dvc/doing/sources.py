"""Verbs that bring data from other repositories and storages."""

from __future__ import annotations

import os
from dataclasses import replace

from treering.cli.dvc.call import Call
from treering.cli.dvc.outside import here_or_none, opened, repo_source
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.staging import tell_git
from treering.core.variables import process_variables
from treering.versioning.add_to_remote import add_to_remote as send
from treering.versioning.artifacts import ArtifactName, find_artifact, get_artifact
from treering.versioning.external import Surroundings, open_source
from treering.versioning.get import GetOptions, data_url, get_from_url
from treering.versioning.get import get as get_from_place
from treering.versioning.imports import ImportOptions, ImportReport, import_path
from treering.versioning.imports import import_url as import_from_url
from treering.versioning.pointers import Pointer
from treering.versioning.update import UpdateOptions
from treering.versioning.update import update as update_imports
from treering.versioning.url_source import open_url

__all__ = ["add_to_remote", "artifacts_get", "get", "get_url", "import_", "import_url", "update"]


def get(call: Call) -> None:
    """Download from another repository."""
    asked = call.options
    with opened(call) as source:
        place = source.at(asked.path)
        if asked.show_url:
            call.give(data_url(place))
            return
        get_from_place(place, _get_options(call), call.bar)


def get_url(call: Call) -> None:
    """Download from a storage."""
    asked = call.options
    source = open_url(asked.url, here_or_none(call), call.here, asked.fs_config)
    get_from_url(source, _get_options(call), call.bar)


def import_(call: Call) -> None:
    """Import from another repository."""
    asked = call.options
    source, options = repo_source(asked), _import_options(call)
    report = import_path(call.repo, source, asked.path, options, sources=all_sources, progress=call.bar)
    _tell(call, report)


def import_url(call: Call) -> None:
    """Import from a storage."""
    report = import_from_url(call.repo, call.options.url, _import_options(call), call.bar)
    _tell(call, report)


def update(call: Call) -> None:
    """Bring imports to what their sources have now."""
    asked = call.options
    options = UpdateOptions(
        asked.rev or "",
        recursive=asked.recursive,
        download=not asked.no_download,
        to_remote=asked.to_remote,
        remote=asked.remote or "",
        jobs=asked.jobs,
    )
    report = update_imports(call.repo, asked.targets, options, sources=all_sources, progress=call.bar)
    call.bar.clear()
    for pointer in report.unchanged:
        call.say(f"'{os.path.relpath(pointer.file, call.here)}' didn't change, skipping")
    for pointer in report.changed:
        call.say(_imported(call, pointer))
    tell_git(call, report.touched, staged=report.staged)


def add_to_remote(call: Call) -> ImportReport:
    """Do what `add --to-remote` asks for."""
    asked = call.options
    options = ImportOptions(asked.out, force=asked.force, remote=asked.remote or "", jobs=asked.remote_jobs)
    return send(call.repo, asked.targets[0], options, call.bar)


def artifacts_get(call: Call) -> None:
    """Download what a dvc.yaml gives a name to."""
    asked = call.options
    source = replace(repo_source(asked), rev="")
    around = Surroundings(call.here, process_variables(), sources=all_sources)
    choice = (asked.rev or "", asked.stage or "")
    if asked.show_url:
        with open_source(source, around) as opened_source:
            found = find_artifact(opened_source, ArtifactName.parse(asked.name), *choice)
            call.give(data_url(opened_source.at_revision(found.rev).at(found.path)))
        return
    got = get_artifact(source, asked.name, around, choice, _get_options(call), call.bar)
    call.bar.clear()
    call.say(f"Downloaded {got.files} file(s) to '{os.path.relpath(got.path, call.here)}'")


def _get_options(call: Call) -> GetOptions:
    asked = call.options
    return GetOptions(asked.out, force=asked.force, jobs=asked.jobs, patterns=tuple(getattr(asked, "only", ())))


def _import_options(call: Call) -> ImportOptions:
    asked = call.options
    return ImportOptions(
        asked.out,
        force=asked.force,
        execute=not asked.no_exec,
        download=not asked.no_download,
        only=tuple(getattr(asked, "only", ())),
        fs_config=getattr(asked, "fs_config", None) or {},
        version_aware=getattr(asked, "version_aware", False),
        to_remote=getattr(asked, "to_remote", False),
        remote=(asked.remote or "") if getattr(asked, "to_remote", False) else "",
        jobs=asked.jobs,
    )


def _tell(call: Call, report: ImportReport) -> None:
    call.bar.clear()
    call.say(_imported(call, report.pointer))
    tell_git(call, report.touched, staged=report.staged)


def _imported(call: Call, pointer: Pointer) -> str:
    dep, out = pointer.deps[0], pointer.outs[0]
    origin = dep.path if dep.repo is None else f"{dep.path} ({dep.repo.url})"
    return f"Importing '{origin}' -> '{os.path.relpath(pointer.output_path(out), call.here)}'"
