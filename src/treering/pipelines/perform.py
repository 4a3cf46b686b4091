"""Does what has to be done for a stage that has changed: restores or runs it, saves what it made, and locks it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.core.errors import NotFound
from treering.pipelines.events import Event, Listener
from treering.pipelines.execution import Runner
from treering.pipelines.lockfile import entry_of, lock_path, stage_entry, write_entry
from treering.pipelines.manner import Done, Manner, Prospect, Puller, Surroundings
from treering.pipelines.runcache import RunCache, run_key
from treering.pipelines.saving import Saver, paths_of
from treering.pipelines.stage import Stage
from treering.pipelines.status import Checker
from treering.versioning.bounds import refuse_removal
from treering.versioning.checkout import CheckoutOptions, Wanted, checkout_outputs
from treering.versioning.entries import read_output
from treering.versioning.errors import CheckoutFailed
from treering.versioning.pointers import Output, write_pointer
from treering.versioning.repository import Repository
from treering.versioning.unprotect import unprotect

__all__ = ["Performer"]


class Performer:
    """Does what has to be done for stages of one repository. Whoever calls it has the repository.

    Args:
        checker: Tells what has changed.
        manner: How.
        surroundings: What commands find.
        listener: Told what happens.
        prospect: What may come.
    """

    def __init__(
        self,
        checker: Checker,
        manner: Manner,
        surroundings: Surroundings,
        listener: Listener,
        prospect: Prospect,
    ) -> None:
        self.stages = checker.stages
        self._repo = checker.stages.repo
        self._manner = manner
        self._runner = Runner(self._repo, surroundings, listener)
        self._listener = listener
        self._order = prospect.order
        self._checker = checker
        self._contents = checker.contents
        self._runs = RunCache(self._repo.cache_dir)
        self._saver = Saver(self.stages, self._contents, self._runs, prospect.outputs)

    @property
    def touched(self) -> list[str]:
        """Absolute paths of files for Git that were changed."""
        return list(self._saver.touched)

    def pulled(self, stage: Stage, puller: Puller) -> bool:
        """Bring a stage's outputs from a remote, as they are locked; whether all of them came."""
        wanted = [(out, stage.path_of(out.path)) for out in stage.outs]
        puller.outputs(wanted)
        self._contents.forget()
        cached = [Wanted(out, path) for out, path in wanted if out.cache]
        try:
            checkout_outputs(self._repo, cached, CheckoutOptions(force=True))
        except CheckoutFailed as error:
            self._listener(Event("warning", stage, f"Unable to pull data for stage: '{stage.address}': {error}"))
            return False
        finally:
            self._contents.forget()
        return True

    def reproduced(self, stage: Stage, *, force: bool) -> Done:
        """Run a stage, or what stands for that: restore it, import it, or see that its data is there.

        Raises:
            TreeringError: If it cannot be.
        """
        if self._manner.dry:
            return self._planned(stage, force=force)
        with self._held(stage):
            now = self.stages.current(stage)
            if now is not stage and not force and not self._checker.change(now):
                # Another process ran it while this one waited for it.
                return Done("unchanged")
            stage = now
            if stage.pointer is not None and stage.is_import and (not stage.frozen or stage.pointer.is_partial):
                return self._imported(stage)
            if stage.cmd and not stage.frozen:
                return self._made(stage, force=force)
            return self._verified(stage)

    def _planned(self, stage: Stage, *, force: bool) -> Done:
        if stage.cmd and not stage.frozen:
            if not force and self._restorable(stage) is not None:
                self._listener(Event("cached", stage))
            self._runner.tell(stage)
        return Done("planned")

    @contextlib.contextmanager
    def _held(self, stage: Stage) -> Iterator[None]:
        """For the time of the block other processes keep away from what the stage reads and writes."""
        with self._repo.hold_paths(paths_of(stage)):
            self._contents.forget()
            yield

    def _made(self, stage: Stage, *, force: bool) -> Done:
        log: Path | None = None
        if not force and self._manner.puller is not None:
            self._manner.puller.paths([path for path in stage.needs() if not os.path.lexists(path)])
            self._contents.forget()
        restored = None if force else self._restorable(stage)
        if restored is not None:
            self._restore(stage, restored)
        else:
            if not force:
                self._saver.needed(stage)  # before anything is lost: what is missing ends it here
            self._clear(stage)
            with self._repo.released():
                log = self._runner.run(stage)
        self._contents.forget()
        entry = self._save(stage)
        return Done("ran" if restored is None else "cached", entry, log)

    def _restorable(self, stage: Stage) -> list[Output] | None:
        """The outputs that a run which was done before has made, if all of them are in the cache."""
        if not self._saver.is_repeatable(stage):
            return None
        entry: Mapping[str, Any] | None = None
        known = all(out.oid is not None for out in stage.outs)
        if stage.locked is not None and not stage.is_command_changed and known and self._checker.deps_unchanged(stage):
            entry = stage.locked.data
        elif self._manner.run_cache:
            outs = [{"path": path} for path in sorted(out.path for out in stage.outs)]
            with contextlib.suppress(NotFound):
                key = run_key({**self._saver.needed(stage), "outs": outs})
                entry = self._runs.find(key) if key else None
        if entry is None:
            return None
        made = {out.path: out for out in map(read_output, entry.get("outs", ()))}
        found = [made[out.path] for out in stage.outs if out.path in made]
        if self._manner.puller is not None and not self._manner.dry:
            self._manner.puller.outputs([(out, stage.path_of(out.path)) for out in found])
            self._contents.forget()
        whole = len(found) == len(stage.outs) and all(out.oid and self._contents.is_cached(out.oid) for out in found)
        return found if whole else None

    def _restore(self, stage: Stage, outs: Sequence[Output]) -> None:
        self._listener(Event("cached", stage))
        cached = {out.path for out in stage.outs if out.cache}
        linked = [Wanted(out, stage.path_of(out.path)) for out in outs if out.path in cached]
        copied = [Wanted(out, stage.path_of(out.path)) for out in outs if out.path not in cached]
        force = CheckoutOptions(force=True)
        checkout_outputs(self._repo, linked, force)
        if copied:
            # What Git keeps must not be a link into the cache, which an editor would write through.
            overrides = {**(self._repo.overrides or {}), "cache": {"type": ["copy"]}}
            checkout_outputs(Repository(self._repo.root, self._repo.environ, overrides), copied, force)

    def _clear(self, stage: Stage) -> None:
        places = [(out, stage.path_of(out.path)) for out in stage.outs]
        local = [(out, path) for out, path in places if "://" not in path]
        for _, path in local:
            refuse_removal(self._repo, path)
        for out, path in local:
            if out.persist:
                if out.cache and os.path.exists(path):
                    unprotect(self._repo, [path])
            elif os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)

    def _imported(self, stage: Stage) -> Done:
        """Bring an import up to date with its source."""
        pointer = stage.pointer
        assert pointer is not None  # noqa: S101 - only pointers are imports
        self._listener(Event("imported", stage, f"Importing '{pointer.deps[0].path}' -> '{pointer.outs[0].path}'"))
        report = import_module("treering.versioning.update").update(self._repo, [stage.file])
        self._contents.forget()
        for path in report.touched:
            self._wrote(stage, str(path), made=False)
        for new in (*report.changed, *report.unchanged):
            self.stages.wrote_pointer(stage, new)
        return Done("imported")

    def _verified(self, stage: Stage) -> Done:
        what = "outputs in frozen" if stage.frozen else "data sources in"
        self._listener(Event("verifying", stage, f"Verifying {what} stage: '{stage.address}'"))
        missing = [out.path for out in stage.outs if not os.path.lexists(stage.path_of(out.path))]
        if missing:
            sources = "source" if len(missing) == 1 else "sources"
            msg = f"missing data '{sources}': {', '.join(missing)}. Pull or check out what is missing, or make it."
            raise NotFound(msg)
        return Done("verified", self._save(stage))

    def _save(self, stage: Stage) -> Mapping[str, Any] | None:
        """Find out and keep what a stage made, and write its lock; its entry."""
        missing = self._manner.allow_missing
        needed = {} if stage.is_pointer else self._saver.needed(stage, allow_missing=missing)
        outs = self._saver.outputs(stage, commit=self._manner.commit, allow_missing=missing)
        self._contents.forget()
        if stage.pointer is not None:
            pointer = replace(stage.pointer, outs=outs)
            if write_pointer(pointer):
                self._wrote(stage, str(stage.file), made=False)
            self.stages.wrote_pointer(stage, pointer)
            return None
        entry = {**needed, **{key: part for key, part in _made(outs).items() if key == "outs"}}
        if self._manner.commit and all(out.cache or out.metric or out.plot for out in stage.outs):
            self._saver.keep_run(stage, entry)
        self._lock(stage, entry)
        return entry

    def _lock(self, stage: Stage, entry: Mapping[str, Any]) -> None:
        file = lock_path(str(stage.file))
        order = list(self._order.get(str(stage.file), ()))
        later = order[order.index(stage.name) + 1 :] if stage.name in order else ()
        made = not os.path.exists(file)
        if write_entry(file, stage.name, entry, later, checked=self.stages.is_known(stage)):
            self._wrote(stage, file, made=made)
        self.stages.wrote(stage, entry)

    def _wrote(self, stage: Stage, file: str, *, made: bool) -> None:
        self._saver.touched[file] = None
        self._listener(Event("locked", stage, self.stages.shown(file), made=made))


def _made(outs: Sequence[Output]) -> dict[str, Any]:
    return stage_entry("", (), {}, map(entry_of, outs))
