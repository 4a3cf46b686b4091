"""Writes a stage into dvc.yaml, in DVC's form, after it was seen to fit into the graph of all stages."""

from __future__ import annotations

import os
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treering.core.errors import AlreadyExists, InvalidInput
from treering.pipelines.params import DEFAULT_FILE
from treering.pipelines.stage_edit import in_order, read_stages
from treering.pipelines.stages import PIPELINE_FILE, StageSet, load_stages
from treering.versioning.documents import dump_yaml, edit_yaml, edited_yaml
from treering.versioning.gitignore import GITIGNORE, GitIgnores
from treering.versioning.repository import Repository

__all__ = ["StageAdd", "StageAdded", "add_stage"]

_REFUSED = frozenset(string.punctuation) - {"-", "_"}
_TEMPLATE = "${"

# Section of dvc.yaml, attribute of StageAdd, flags of its outputs.
_OUTPUTS: Sequence[tuple[str, str, dict[str, bool]]] = (
    ("outs", "outs", {}),
    ("outs", "outs_no_cache", {"cache": False}),
    ("outs", "outs_persist", {"persist": True}),
    ("outs", "outs_persist_no_cache", {"cache": False, "persist": True}),
    ("metrics", "metrics", {}),
    ("metrics", "metrics_no_cache", {"cache": False}),
    ("plots", "plots", {}),
    ("plots", "plots_no_cache", {"cache": False}),
)


@dataclass(frozen=True, slots=True)
class StageAdd:
    """A stage to be written. Paths are relative to `wdir`.

    Attributes:
        cmd: The words of the command; a single one is a whole command line.
        params: Each a key or several of `params.yaml`, or of another file: `lr,train.epochs`, `conf.yaml:a,b`,
            `conf.yaml:` for the whole file.
        outs: Paths; `outs_no_cache` and the others likewise, with the flags that their names say.
        wdir: The folder that the command runs in, relative to the dvc.yaml.
        force: Write over a stage of the same name.
    """

    name: str
    cmd: Sequence[str]
    deps: Sequence[str] = ()
    params: Sequence[str] = ()
    outs: Sequence[str] = ()
    outs_no_cache: Sequence[str] = ()
    outs_persist: Sequence[str] = ()
    outs_persist_no_cache: Sequence[str] = ()
    metrics: Sequence[str] = ()
    metrics_no_cache: Sequence[str] = ()
    plots: Sequence[str] = ()
    plots_no_cache: Sequence[str] = ()
    wdir: str = ""
    always_changed: bool = False
    desc: str = ""
    force: bool = False

    def command(self) -> str:
        """The command line: words with spaces in quotes."""
        if len(self.cmd) < 2:  # noqa: PLR2004
            return "".join(self.cmd)
        return " ".join(f'"{word}"' if not word or (" " in word and '"' not in word) else word for word in self.cmd)


@dataclass(frozen=True, slots=True)
class StageAdded:
    """What was written.

    Attributes:
        file: The dvc.yaml.
        ignores: The files of `.gitignore` that changed.
        not_ignored: Those that could not be written, because their folders are not there yet.
    """

    address: str
    file: Path
    ignores: tuple[Path, ...] = ()
    not_ignored: tuple[Path, ...] = ()


def add_stage(repo: Repository, spec: StageAdd, *, base: Path | None = None) -> StageAdded:
    """Write a stage into the dvc.yaml where the user stands, and have Git ignore what it makes.

    Args:
        base: The folder where the user stands; the root of the repository where none is given.

    Raises:
        InvalidInput: If something is missing or does not go together.
        AlreadyExists: If there is a stage of this name, and it is not to be written over.
        OutputClash: If another stage makes the same.
    """
    folder = base or repo.root
    file = folder / PIPELINE_FILE
    with repo.lock():
        _check(repo, spec, folder)
        data = read_stages(file)
        stages = data.setdefault("stages", {}) or {}
        data["stages"] = stages
        if spec.name in stages and not spec.force:
            msg = f"Stage '{spec.name}' already exists in '{PIPELINE_FILE}'. Use '--force' to overwrite."
            raise AlreadyExists(msg)
        stages[spec.name] = _entry(spec, stages.get(spec.name) or {})
        _check_graph(repo, file, data, folder)
        edit_yaml(file, data)
        address = load_stages(repo, base=base).address(repo.relpath(file), spec.name)
        return StageAdded(address, file, *_ignore(repo, spec, folder))


def _check(repo: Repository, spec: StageAdd, folder: Path) -> None:
    if not spec.name:
        msg = "The stage has no name. Give it one."
        raise InvalidInput(msg)
    if _REFUSED & set(spec.name):
        msg = "Stage name cannot contain punctuation characters. Only '-' and '_' may stand between letters and digits."
        raise InvalidInput(msg)
    if not spec.command().strip():
        msg = "command is not specified. Write it behind the options."
        raise InvalidInput(msg)
    wdir = folder / spec.wdir
    if not wdir.is_dir():
        msg = f"stage working dir '{wdir}' does not exist. Make the folder first."
        raise InvalidInput(msg)
    seen: set[str] = set()
    for _, flags, path in _paths(spec):
        absolute = os.path.normpath(wdir / path)
        if absolute in seen:
            msg = f"output '{path}' is specified more than once. Give it once, with the flags that it should have."
            raise InvalidInput(msg)
        seen.add(absolute)
        if "://" not in path and flags.get("cache", True) and not _is_within(absolute, str(repo.root)):
            msg = f"Cached output(s) outside of DVC project: {absolute}. Write into the repository, or do not cache it."
            raise InvalidInput(msg)
    for dep in spec.deps:
        if os.path.normpath(wdir / dep) in seen:
            msg = f"'{dep}' is specified as an output and as a dependency. Leave one of them out."
            raise InvalidInput(msg)


def _paths(spec: StageAdd) -> Iterator[tuple[str, dict[str, bool], str]]:
    for section, attribute, flags in _OUTPUTS:
        for path in getattr(spec, attribute):
            yield section, flags, path


def _is_within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def _entry(spec: StageAdd, old: dict[str, Any]) -> dict[str, Any]:
    """The stage as it is written; a description and notes of the one that it takes the place of are kept."""
    entry: dict[str, Any] = {
        "desc": spec.desc or old.get("desc"),
        "cmd": spec.command(),
        "wdir": spec.wdir if spec.wdir and os.path.normpath(spec.wdir) != "." else "",
        "deps": sorted(dict.fromkeys(spec.deps)),
        "params": _params(spec.params),
        "always_changed": spec.always_changed,
        "meta": old.get("meta"),
    }
    sections: dict[str, dict[str, dict[str, bool]]] = {"outs": {}, "metrics": {}, "plots": {}}
    for section, flags, path in _paths(spec):
        sections[section][path] = flags
    for section, paths in sections.items():
        entry[section] = [{path: dict(paths[path])} if paths[path] else path for path in sorted(paths)]
    return in_order(entry)


def _params(given: Sequence[str]) -> list[Any]:
    """Keys of `params.yaml` first, then other files by name; a file that is named without keys is taken whole."""
    keys: dict[str, list[str]] = {}
    for one in given:
        file, _, names = one.rpartition(":")
        keys.setdefault(file or DEFAULT_FILE, []).extend(name for name in names.split(",") if name)
    plain: list[Any] = sorted(dict.fromkeys(keys.pop(DEFAULT_FILE, [])))
    if not plain and any(one.rpartition(":")[0] == DEFAULT_FILE for one in given):
        plain = [{DEFAULT_FILE: None}]
    return plain + [{file: sorted(dict.fromkeys(keys[file])) or None} for file in sorted(keys)]


def _check_graph(repo: Repository, file: Path, data: dict[str, Any], base: Path) -> None:
    """See that all stages, with the new one among them, still make a graph. Raises OutputClash, InvalidInput."""
    try:
        text = edited_yaml(file.read_bytes(), data, file)
    except FileNotFoundError:
        text = dump_yaml(data)
    here = os.path.normpath(file)

    def read(path: str) -> bytes:
        return text if path == here else Path(path).read_bytes()

    files = load_stages(repo, base=base).files
    relative = repo.relpath(file)
    stages = StageSet(repo, read, lambda: files if relative in files else [*files, relative], base)
    stages.graph  # noqa: B018 - it is checked by being made


def _ignore(repo: Repository, spec: StageAdd, folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    if repo.git_root is None:
        return (), ()
    missing = []
    with GitIgnores(repo.git_root) as ignores:
        for _, flags, path in _paths(spec):
            if not flags.get("cache", True) or _TEMPLATE in path or "://" in path:
                continue
            output = Path(os.path.normpath(folder / spec.wdir / path))
            if output.parent.is_dir():
                ignores.ignore(output)
            else:
                missing.append(output.parent / GITIGNORE)
    return tuple(ignores.touched), tuple(dict.fromkeys(missing))
