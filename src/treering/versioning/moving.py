"""Moving one shipment after the other, to a remote or from it: which of its objects are missing there, and in which order they go.

A folder's list of files comes last, and to a remote only when all its files are there:
who sees it there relies on them.
"""

from __future__ import annotations

from importlib import import_module
from threading import Lock
from typing import Any

from treering.core.errors import DamagedData, NotFound
from treering.storage.content.hashing import hash_bytes
from treering.storage.content.manifest import Manifest, load_manifest
from treering.storage.content.oid import Oid
from treering.versioning.disk_copy import Copying, copy_objects
from treering.versioning.known_trees import KnownTrees, sample
from treering.versioning.outcome import Lost, Outcome
from treering.versioning.presence import present, sound
from treering.versioning.progress import Progress
from treering.versioning.remotes import Remote
from treering.versioning.repository import Repository
from treering.versioning.run_many import Stop, run_many
from treering.versioning.shipments import Plan, Shipment, TransferOptions, rows_of

__all__ = ["Fetching", "Pushing", "Work", "read_list"]


class Work:
    """What the shipments of one verb share."""

    def __init__(self, repo: Repository, options: TransferOptions, progress: Progress, what: str) -> None:
        self.repo, self.options = repo, options
        self.stop = Stop()
        self.runs = 0
        self._progress, self._what = progress, what
        self._done = self._total = 0
        self._lock = Lock()
        self.outcome = Outcome(self._told)
        self.missing: list[Lost] = []
        self.damaged: list[Lost] = []
        self.failed: list[Lost] = []

    def expect(self, count: int) -> None:
        """So many more objects are to be moved."""
        if count:
            self._total += count
            self._told(0, 0)

    def take_versions(self, plan: Plan) -> None:
        """Fetch what lies in remotes that keep versions."""
        if not plan.versioned:
            return
        outcome = Outcome(self._told)
        lost = _loaded("cloud_versions").fetch_versions(self.repo, plan.versioned, outcome, self.stop, self.expect)
        self.outcome.done += outcome.done
        self.outcome.size += outcome.size
        for one in lost:
            name = one.value or one.key
            if name in outcome.missing:
                self.missing.append(Lost(name, (one.key,), f"The remote does not have its version {one.version}."))
            elif name in outcome.damaged:
                self.damaged.append(Lost(name, (one.key,), "Its bytes in the remote are not those of the pointer."))
            else:
                self.failed.append(Lost(name, (one.key,), outcome.failed[name]))

    def _told(self, objects: int, _size: int) -> None:
        with self._lock:
            self._done += objects
            self._progress(self._what, self._done, self._total)


class _Moving:
    """What sending and fetching have in common: the lists of files, and which of the files are wanted."""

    def __init__(self, work: Work, shipment: Shipment) -> None:
        self.work, self.shipment = work, shipment
        self.repo, self.cache = work.repo, work.repo.cache
        self.remote, self.legacy = shipment.remote, shipment.legacy
        self.outcome = Outcome(work.outcome.told)
        self.manifests: dict[str, Manifest] = {}
        # By list of files: what of it is wanted, and whether that is all of it.
        self.wanted: dict[str, set[str]] = {}
        self.whole: set[str] = set()

    def read_lists(self) -> dict[str, bytes]:
        """Read the lists of files; the bytes of those that only the remote has."""
        elsewhere: list[str] = []
        for value in self.shipment.trees:
            try:
                self.manifests[value] = self.cache.read_manifest(Oid(value, self.legacy))
            except (NotFound, DamagedData):
                elsewhere.append(value)
        fetched: dict[str, bytes] = {}

        def read(value: str) -> None:
            try:
                data = read_list(self.remote, value, legacy=self.legacy)
                self.manifests[value] = load_manifest(data, value)
                fetched[value] = data
            except NotFound:
                self.outcome.missing.append(value)
            except DamagedData:
                self.outcome.damaged.append(value)

        run_many(read, elsewhere, min(self.remote.jobs, len(elsewhere)), self.work.stop)
        return fetched

    def choose(self) -> set[str]:
        """The files that are wanted of all lists, and the single ones."""
        values = set(self.shipment.files)
        for value, manifest in self.manifests.items():
            chosen = rows_of(manifest, self.shipment.trees[value], self.work.options, self.repo)
            if chosen is None:
                self.whole.add(value)
                chosen = set(manifest.hexes(0, len(manifest)))
            self.wanted[value] = chosen
            values |= chosen
        return values

    def tell(self, missing: str, damaged: str) -> None:
        """Add what came of it to that of the others."""
        outcome, total = self.outcome, self.work.outcome
        total.done += outcome.done
        total.size += outcome.size
        if not outcome.lost:
            return
        names = self._names(outcome.lost)
        self.work.missing += [Lost(value, names[value], missing) for value in sorted(set(outcome.missing))]
        self.work.damaged += [Lost(value, names[value], damaged) for value in sorted(set(outcome.damaged))]
        self.work.failed += [Lost(value, names[value], why) for value, why in sorted(outcome.failed.items())]

    def _names(self, values: set[str]) -> dict[str, tuple[str, ...]]:
        """Paths of objects, a few of each."""
        found: dict[str, list[str]] = {value: [] for value in values}
        for value, uses in (*self.shipment.files.items(), *self.shipment.trees.items()):
            if value in found:
                found[value] += [self.repo.relpath(one.tracked.path) for one in uses]
        for value, manifest in self.manifests.items():
            if not values.isdisjoint(self.wanted.get(value, ())):
                top = self.repo.relpath(self.shipment.trees[value][0].tracked.path)
                for path, digest in manifest:
                    if digest in found:
                        found[digest].append(f"{top}/{path}")
        return {value: tuple(dict.fromkeys(paths))[:_MOST_NAMES] for value, paths in found.items()}


_MOST_NAMES = 5


class Pushing(_Moving):
    """Sends one shipment."""

    def go(self) -> None:
        """Do it."""
        known = KnownTrees(self.repo, self.remote)
        fetched = self.read_lists()
        if not self.work.options.ask_all:
            self._pass_over(known)
        files = self.choose()
        lists = [value for value in self.manifests if value not in fetched]
        there = present(self.remote, {*files, *lists}, legacy=self.legacy, stop=self.work.stop)
        needed = sorted(files - there)
        self.work.expect(len(needed))
        self._send(needed)
        complete = self._complete(there)
        last = sorted(value for value in complete if value in lists and value not in there)
        self.work.expect(len(last))
        self._send(last)
        known.add(complete - self.outcome.lost)
        known.save()
        self.tell("It is neither in the cache nor in the remote. Make it again, or fetch it from another remote.",
                  "Its bytes in the cache were not what they should be, and were put aside. Add it again.")  # fmt: skip

    def differences(self) -> dict[str, str]:
        """As `cloud_status`."""
        self.read_lists()
        files = self.choose()
        values = {*files, *self.shipment.trees}
        there = present(self.remote, values, legacy=self.legacy, stop=self.work.stop)
        here = sound(self.cache, values, legacy=self.legacy)
        states = dict.fromkeys(there - here, "deleted")
        states |= dict.fromkeys(here - there, "new")
        states |= dict.fromkeys(values - here - there, "missing")
        found: dict[str, str] = {}
        for value, uses in (*self.shipment.files.items(), *self.shipment.trees.items()):
            if value in states:
                found.update((self.repo.relpath(one.tracked.path), states[value]) for one in uses)
        for value, manifest in self.manifests.items():
            top = self.repo.relpath(self.shipment.trees[value][0].tracked.path)
            found.update((f"{top}/{path}", states[digest]) for path, digest in manifest if digest in states)
        return found

    def _pass_over(self, known: KnownTrees) -> None:
        """Forget about folders that are known to be there, if a look at some of their files agrees."""
        trees = [value for value in self.manifests if value in known]
        probes = set(trees)
        for value in trees:
            probes.update(sample(self.manifests[value].hexes(0, len(self.manifests[value]))))
        if probes - present(self.remote, probes, legacy=self.legacy, stop=self.work.stop):
            known.forget()
            return
        for value in trees:
            del self.manifests[value], self.shipment.trees[value]

    def _complete(self, there: set[str]) -> set[str]:
        """Lists all of whose files are in the remote now."""
        complete = {value for value in self.whole if self.outcome.lost.isdisjoint(self.wanted[value])}
        # Of these only some files were asked for. Whoever sees the list relies on all of them.
        for value in self.manifests.keys() - self.whole:
            rest = set(self.manifests[value].hexes(0, len(self.manifests[value]))) - there - set(self.outcome.done)
            if not rest - present(self.remote, rest, legacy=self.legacy, stop=self.work.stop):
                complete.add(value)
        return complete

    def _send(self, values: list[str]) -> None:
        if not values:
            return
        stop, legacy = self.work.stop, self.legacy
        if self.remote.disk is not None:
            self.remote.disk.clear_leftovers()
            how = Copying(legacy, stop, self.outcome)
            copy_objects(self.cache, self.remote.disk, values, how)
        else:
            _loaded("sending").send_objects(self.cache, self.remote, values, self.outcome, stop, legacy=legacy)
        for value in list(self.outcome.damaged):
            # What is put aside is in nobody's way when it is added again.
            self.cache.verify(Oid(value, legacy))


class Fetching(_Moving):
    """Fetches one shipment."""

    def go(self) -> None:
        """Do it."""
        lists = self.read_lists()
        files = self.choose()
        needed = sorted(files - sound(self.cache, files, legacy=self.legacy))
        self.work.expect(len(needed) + len(lists))
        if needed:
            self._fetch(needed)
        # Last, so that who sees the list finds the files; and also when some are missing, which are told then.
        for value, data in lists.items():
            self._keep_list(value, data)
            self.outcome.moved(value, len(data))
        self.tell("It is neither in the cache nor in the remote. Push it from where it was made.",
                  "Its bytes in the remote are not what they should be. Repair it with `treering data verify --cloud"
                  " --repair` where it is whole.")  # fmt: skip

    def _fetch(self, values: list[str]) -> None:
        stop, legacy = self.work.stop, self.legacy
        if self.remote.disk is not None:
            how = Copying(legacy, stop, self.outcome)
            copy_objects(self.remote.disk, self.cache, values, how)
        else:
            _loaded("fetching").fetch_objects(self.cache, self.remote, values, self.outcome, stop, legacy=legacy)

    def _keep_list(self, value: str, data: bytes) -> None:
        if self.legacy:
            staged = self.cache.staging()
            with open(staged, "xb") as file:
                file.write(data)
            self.cache.adopt(staged, Oid(value, legacy=True))
        else:
            self.cache.put_known(data, value)


def read_list(remote: Remote, value: str, *, legacy: bool) -> bytes:
    """The bytes of a list of files as a remote has it. Raises NotFound, DamagedData."""
    if remote.disk is None:
        found: bytes = _loaded("fetching").read_object(remote, value, legacy=legacy)
        return found
    try:
        with open(remote.disk.file_name(Oid(value, legacy)), "rb") as file:
            data = file.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(value) from error
    if hash_bytes(data, legacy=legacy) != value[:32]:
        raise DamagedData(value)
    return data


def _loaded(name: str) -> Any:
    """What speaks with stores, and is loaded where there is one."""
    return import_module(f"treering.versioning.{name}")
