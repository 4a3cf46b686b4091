"""The verb `add`."""

from __future__ import annotations

import os
from importlib import import_module

from treering.cli.dvc.call import Call, Misuse
from treering.cli.dvc.sources import all_sources
from treering.cli.dvc.staging import tell_git
from treering.versioning.add import AddOptions, AddReport
from treering.versioning.add import add as add_files

__all__ = ["add"]


def add(call: Call) -> None:
    """Track files and folders."""
    asked = call.options
    _check(call)
    if asked.to_remote:
        # What speaks with remotes is loaded for those who send something there.
        report = import_module("treering.cli.dvc.doing.sources").add_to_remote(call)
        tell_git(call, report.touched, staged=report.staged)
        return
    options = AddOptions(
        commit=not asked.no_commit,
        glob=asked.glob,
        out=asked.out,
        force=asked.force,
        link=asked.relink,
        remote=asked.remote or "",
        # What fetches is loaded where the list of a folder's files is not here.
        fetch=lambda oids: import_module("treering.cli.dvc.bringing").bring_objects(call, oids),
    )
    report = add_files(call.repo, asked.targets, options, sources=all_sources(call.repo), progress=call.bar)
    if call.wants_json:
        _show(call, report)
    else:
        tell_git(call, report.touched, staged=report.staged)


def _check(call: Call) -> None:
    asked = call.options
    special = "--to-remote" if asked.to_remote else "--out" if asked.out else ""
    wrong = ""
    if special and len(asked.targets) != 1:
        wrong = f"multiple targets can't be used with {special}"
    elif special and (asked.glob or asked.no_commit):
        wrong = f"{'--glob' if asked.glob else '--no-commit'} option can't be used with {special}"
    elif not special and (asked.remote or asked.remote_jobs):
        wrong = f"{'--remote' if asked.remote else '--remote-jobs'} can't be used without --to-remote"
    if wrong:
        raise Misuse(wrong)


def _show(call: Call, report: AddReport) -> None:
    outs = [(pointer, out) for pointer in report.pointers for out in pointer.outs]
    call.show(
        [
            {
                "pointer": os.path.relpath(pointer.file, call.here),
                "path": os.path.relpath(pointer.output_path(out), call.here),
                "md5": out.oid.value if out.oid else None,
                "size": out.size,
                "nfiles": out.nfiles,
            }
            for pointer, out in outs
        ]
    )
