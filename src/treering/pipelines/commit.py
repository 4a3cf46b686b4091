"""`commit` of stages: what they made, or what was made in their place, is kept and locked without running them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from treering.core.errors import Conflict
from treering.pipelines.lockfile import entry_of, lock_path, stage_entry, write_entry
from treering.pipelines.runcache import RunCache
from treering.pipelines.saving import Saver, paths_of
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.pipelines.status import Checker, StageStatus

__all__ = ["commit_stages"]


def commit_stages(
    stages: StageSet,
    chosen: Iterable[Stage],
    *,
    force: bool = False,
    confirm: Callable[[str], bool] | None = None,
    link: bool = True,
) -> tuple[Path, ...]:
    """Take over what the stages of pipelines depend on and made, as it is now.

    Args:
        stages: All stages.
        chosen: Those that are meant; `.dvc` files among them are left out, which are committed on the floor below.
        force: Do not ask.
        confirm: Asks the user, with a question; without it, nobody is asked, and changes need `force`.
        link: Unless set, what lies in the working tree stays as it is, though it could be a link into the cache.

    Returns:
        Files for Git that changed.

    Raises:
        Conflict: If something changed, and nobody said that it is to be taken over.
        NotFound: If an output or a dependency is not there.
        StorageFull: If the cache has no room.
    """
    checker = Checker(stages)
    runs = RunCache(stages.repo.cache_dir)
    saver = Saver(stages, checker.contents, runs)
    with stages.repo.lock():
        try:
            for known in chosen:
                if known.pointer is not None:
                    continue
                # A process that runs it now comes to its end first, and what it locked is what counts.
                with stages.repo.hold_paths(paths_of(known)):
                    checker.contents.forget()
                    stage = stages.current(known)
                    if not force:
                        _confirm(checker.status(stage), confirm)
                    _keep(stages, stage, saver, checker, link=link)
        finally:
            stages.repo.index.save()
    return tuple(Path(file) for file in saver.touched if os.path.lexists(file))


def _keep(stages: StageSet, stage: Stage, saver: Saver, checker: Checker, *, link: bool) -> None:
    outs = saver.outputs(stage, commit=True, link=link)
    checker.contents.forget()
    entry = {**saver.needed(stage), **_made(stage_entry("", (), {}, map(entry_of, outs)))}
    file = lock_path(str(stage.file))
    if write_entry(file, stage.name, entry):
        saver.touched[file] = None
    stages.wrote(stage, entry)
    saver.keep_run(stage, entry)


def _made(entry: dict[str, object]) -> dict[str, object]:
    return {key: part for key, part in entry.items() if key == "outs"}


def _confirm(status: StageStatus, confirm: Callable[[str], bool] | None) -> None:
    changed = [
        f"{what} {sorted(paths)}" for what, paths in (("dependencies", status.deps), ("outputs", status.outs)) if paths
    ]
    if status.command_changed:
        changed.append("the command")
    if not changed:
        return
    text = f"{' and '.join(changed)} of stage: '{status.address}' changed."
    if confirm is None or not confirm(f"{text} Are you sure you want to commit it?"):
        msg = f"unable to commit changed stage: '{status.address}': {text} Use `-f|--force` to force."
        raise Conflict(msg)
