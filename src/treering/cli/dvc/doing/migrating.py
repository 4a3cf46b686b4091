"""The verb `cache migrate`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from treering.cli.dvc.call import Call
from treering.cli.dvc.staging import tell_git
from treering.pipelines.migrate import lock_files_to_migrate, migrate_lock_files
from treering.pipelines.stages import load_stages
from treering.versioning.migrate import migrate

__all__ = ["cache_migrate"]


def cache_migrate(call: Call) -> int:
    """Give objects of DVC 2 their names in DVC 3; 1 where some could not be given one."""
    asked = call.options
    report = migrate(call.repo, pointers=asked.dvc_files, dry=asked.dry, progress=call.bar)
    call.bar.clear()
    failed = report.failed or {}
    files: list[Path] = []
    if asked.dvc_files:
        stages = load_stages(call.repo, base=call.here)
        locks = lock_files_to_migrate(stages) if asked.dry else migrate_lock_files(stages, report.names or {})
        files = [*report.pointers, *locks]
    if call.wants_json:
        shown = _shown(call, files)
        call.show(
            {"objects": report.objects, "migrated": len(report.names or {}), "failed": len(failed), "files": shown}
        )
        return 1 if failed else 0
    if asked.dry:
        call.say(f"{report.objects} files will be re-hashed and migrated to the DVC 3.0 cache location.")
    else:
        call.say(f"Migrated {len(report.names or {})} files to DVC 3.0 cache location.")
    if asked.dvc_files:
        _tell_files(call, files)
    for oid, reason in failed.items():
        call.tell(f"{oid.value}: {reason}")
    return 1 if failed else 0


def _tell_files(call: Call, files: list[Path]) -> None:
    if not files:
        call.say("No DVC files in the repo to migrate to the 3.0 format.")
    elif call.options.dry:
        call.say("Entries in following DVC files will be migrated to the 3.0 format:")
        call.say("\n".join(f"\t{file}" for file in sorted(_shown(call, files))))
    else:
        for file in _shown(call, files):
            call.say(f"Updating DVC file '{file}'")
        tell_git(call, files)


def _shown(call: Call, files: Iterable[Path]) -> list[str]:
    return [os.path.relpath(file, call.here) for file in files]
