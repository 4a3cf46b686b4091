"""A stage: what stands in dvc.yaml or in a `.dvc` file, together with what is locked of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from treering.core.errors import InvalidInput
from treering.pipelines.definition import Entry
from treering.pipelines.lockfile import LockedStage
from treering.pipelines.params import DEFAULT_FILE, Params
from treering.versioning.entries import EntryMistake, read_dependency, read_output
from treering.versioning.pointers import Dependency, Output, Pointer

__all__ = ["DatasetUse", "Stage", "stage_of_entry", "stage_of_pointer"]

_DATASET = "ds://"
_PLOT_KEYS = ("template", "x", "y", "x_label", "y_label", "title", "header")
_FLAGS = ("cache", "persist", "remote", "push", "desc", "type", "meta")
# What dvc.lock tells of the content of an output or dependency.


@dataclass(frozen=True, slots=True)
class DatasetUse:
    """A dependency on a dataset of dvc.yaml, `ds://name`.

    Attributes:
        path: As written.
        locked: What dvc.lock says the dataset was when the stage ran; None where it says nothing.
    """

    path: str
    locked: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The name of the dataset."""
        return self.path.removeprefix(_DATASET).partition("/")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A stage of a pipeline, or a `.dvc` file, which is a stage without a command.

    Two are equal only if they are the same object: use the address to compare.

    Attributes:
        address: Its one name, as commands take it: `train`, `sub/dvc.yaml:train`, `data/raw.dvc`.
        file: The dvc.yaml or `.dvc` file, absolute.
        name: The name in dvc.yaml; "" for a `.dvc` file.
        wdir: The folder that its paths are relative to and its command runs in, absolute.
        cmd: A command or several, templates filled; None for a `.dvc` file.
        deps: What it reads, with what is locked of each; `outs`, what it writes, likewise.
        params: What it takes from files of parameters.
        datasets: What it takes from datasets.
        group: The name in dvc.yaml of the foreach or matrix that made it; "" for others.
        templated: Whether it has templates, so that it cannot be written back.
        used: The values that its templates named, by file and path.
        locked: Its entry in dvc.lock; None where it has none.
        pointer: The `.dvc` file as a value; None for a stage of a pipeline.
    """

    address: str
    file: Path
    name: str
    wdir: Path
    cmd: str | tuple[str, ...] | None
    deps: tuple[Dependency, ...] = ()
    params: tuple[Params, ...] = ()
    datasets: tuple[DatasetUse, ...] = ()
    outs: tuple[Output, ...] = ()
    frozen: bool = False
    always_changed: bool = False
    desc: str = ""
    meta: Any = None
    group: str = ""
    templated: bool = False
    used: Mapping[str, Mapping[str, Any]] | None = None
    locked: LockedStage | None = None
    pointer: Pointer | None = None

    @property
    def is_pointer(self) -> bool:
        """Whether it is a `.dvc` file."""
        return self.pointer is not None

    @property
    def is_data(self) -> bool:
        """Whether it has no command: its outputs come from somewhere else."""
        return not self.cmd

    @property
    def is_callback(self) -> bool:
        """Whether it has a command and neither dependencies nor outputs, so that it always runs."""
        return bool(self.cmd) and not (self.deps or self.params or self.datasets or self.outs)

    @property
    def is_import(self) -> bool:
        """Whether it brings data from somewhere else."""
        return self.pointer is not None and self.pointer.is_import

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands one by one, each for a shell of its own, as DVC takes them apart."""
        if self.cmd is None:
            return ()
        return tuple(self.cmd.splitlines()) if isinstance(self.cmd, str) else self.cmd

    @property
    def is_command_changed(self) -> bool:
        """Whether the command is another one than that which is locked."""
        if self.locked is None:
            return False
        locked = self.locked.cmd
        return (locked if isinstance(locked, str) else tuple(locked)) != self.cmd

    def path_of(self, written: str) -> str:
        """The absolute path of what is written in the stage; a URL stays as it is."""
        if "://" in written:
            return written
        return os.path.normpath(os.path.join(self.wdir, written))

    def file_path(self) -> str:
        """As `graph.Node`."""
        return str(self.file)

    def needs(self) -> Sequence[str]:
        """As `graph.Node`; what comes from another repository or a database is made by no stage of this one."""
        if self.pointer is not None and any(dep.repo or dep.db for dep in self.deps):
            return ()
        return [self.path_of(path) for path in (*(dep.path for dep in self.deps), *(one.path for one in self.params))]

    def makes(self) -> Sequence[str]:
        """As `graph.Node`."""
        return [self.path_of(out.path) for out in self.outs]


def stage_of_pointer(address: str, pointer: Pointer) -> Stage:
    """The stage that a `.dvc` file is."""
    return Stage(
        address,
        pointer.file,
        "",
        Path(os.path.normpath(pointer.file.parent / pointer.wdir)),
        pointer.cmd or None,
        pointer.deps,
        outs=pointer.outs,
        frozen=pointer.frozen,
        always_changed=pointer.always_changed,
        desc=pointer.desc,
        meta=pointer.meta,
        pointer=pointer,
    )


def stage_of_entry(address: str, file: Path, entry: Entry, locked: LockedStage | None) -> Stage:
    """The stage that an entry of a dvc.yaml is, with what dvc.lock says of it.

    Raises:
        InvalidInput: If a value that a template gave is of the wrong kind, or the lock's entry is damaged.
    """
    data = entry.data
    say = _Complaint(entry.name, file)
    wdir = data.get("wdir") or "."
    deps = [say.text("deps", path) for path in data.get("deps") or ()]
    return Stage(
        address,
        file,
        entry.name,
        Path(os.path.normpath(file.parent / say.text("wdir", wdir))),
        say.command(data.get("cmd")),
        tuple(_dependency(path, locked, say) for path in deps if not path.startswith(_DATASET)),
        tuple(_params(data.get("params") or (), locked, say)),
        tuple(_dataset(path, locked) for path in deps if path.startswith(_DATASET)),
        tuple(_outputs(data, locked, say)),
        bool(data.get("frozen", False)),
        bool(data.get("always_changed", False)),
        data.get("desc") or "",
        data.get("meta"),
        entry.group,
        entry.templated,
        entry.used,
        locked,
    )


@dataclass(frozen=True, slots=True)
class _Complaint:
    """Says whose value is wrong."""

    stage: str
    file: Path

    def refuse(self, key: str, what: str) -> NoReturn:
        msg = f"{self.file}: '{key}' of the stage '{self.stage}' {what}"
        raise InvalidInput(msg)

    def text(self, key: str, value: Any) -> str:
        if not isinstance(value, str) or not value:
            self.refuse(key, f"should be text, and is {value!r:.60}. If a template gave it, change what it names.")
        return value

    def command(self, value: Any) -> str | tuple[str, ...]:
        if isinstance(value, list):
            return tuple(self.text("cmd", one) for one in value)
        return self.text("cmd", value)

    def content(self, read: Callable[[Any], Any], entry: Mapping[str, Any]) -> Any:
        try:
            return read(dict(entry))
        except EntryMistake as mistake:
            keys = ".".join(map(str, mistake.keys))
            what = f"is damaged in the lock file: {keys} {mistake.why}" if keys else f"is damaged: {mistake.why}"
            self.refuse(str(entry.get("path")), what)


def _dependency(path: str, locked: LockedStage | None, say: _Complaint) -> Dependency:
    entry = locked.deps.get(path) if locked else None
    if entry is None:
        return Dependency(path)
    found: Dependency = say.content(read_dependency, entry)
    return found


def _dataset(path: str, locked: LockedStage | None) -> DatasetUse:
    entry = locked.deps.get(path, {}) if locked else {}
    return DatasetUse(path, entry.get("dataset"))


def _params(written: Iterable[Any], locked: LockedStage | None, say: _Complaint) -> Iterator[Params]:
    keys: dict[str, list[str]] = {}
    whole: set[str] = set()
    for one in written:
        for path, wanted in {DEFAULT_FILE: [one]}.items() if not isinstance(one, Mapping) else one.items():
            if wanted is not None and not isinstance(wanted, list):
                say.refuse("params", f"should list the keys of {path!r}, and has {wanted!r:.60}.")
            if not wanted:
                whole.add(path)
            keys.setdefault(path, []).extend(say.text("params", key) for key in wanted or ())
    for path, wanted in keys.items():
        params = Params(path, () if path in whole else tuple(dict.fromkeys(wanted)))
        values = locked.params if locked else {}
        yield params.with_lock(values.get(path, values.get(os.path.normpath(path))))


def _outputs(data: Mapping[str, Any], locked: LockedStage | None, say: _Complaint) -> Iterator[Output]:
    for section in ("outs", "metrics", "plots"):
        merged: dict[str, dict[str, Any]] = {}
        for one in data.get(section) or ():
            for path, flags in one.items() if isinstance(one, Mapping) else [(one, {})]:
                if isinstance(flags, list):
                    say.refuse(section, f"has several plots for {path!r}. Put them under 'plots' at the top.")
                merged.setdefault(say.text(section, path), {}).update(flags)
        for path, flags in merged.items():
            yield _output(path, flags, section, _locked_output(path, locked, say))


def _locked_output(path: str, locked: LockedStage | None, say: _Complaint) -> Output | None:
    entry = locked.outs.get(path) if locked else None
    if entry is None:
        return None
    found: Output = say.content(read_output, entry)
    return found


def _output(path: str, flags: Mapping[str, Any], section: str, content: Output | None) -> Output:
    known = {key: flags[key] for key in _FLAGS if key in flags}
    plot: bool | dict[str, Any] = {key: value for key, value in flags.items() if key in _PLOT_KEYS}
    if section == "plots":
        known["plot"] = plot or True
    known["metric"] = section == "metrics"
    labels = tuple(flags.get("labels") or ())
    return replace(content or Output(path), labels=labels, **known)
