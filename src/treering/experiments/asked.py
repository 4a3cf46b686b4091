"""What `exp run` is asked for, and how that waits in the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from treering.pipelines.reproduce import ReproOptions

__all__ = ["Asked", "dump_asked", "load_asked"]

_PLAIN = ReproOptions()
# What JSON can have; the others only make sense while the user is there.
_KEPT = tuple(one.name for one in fields(ReproOptions) if isinstance(getattr(_PLAIN, one.name), bool | int))


@dataclass(frozen=True, slots=True)
class Asked:
    """One or more experiments to run.

    Attributes:
        targets: Stages, as `repro` takes them.
        params: Parameters to set, `[file:]key=value`.
        name: What it shall be called; made up where none is given.
        message: Of its commit.
        copy_paths: What Git does not track and a tree of its own gets nevertheless.
        repro: How stages are reproduced; `force` also overwrites an experiment of the same name.
        folder: Where the user stands: all paths are relative to it.
        no_hydra: Parameters are not composed by Hydra, though the config says so.
        trees: Where trees of their own are made; under `.dvc/tmp/treering` where none is given.
    """

    targets: Sequence[str] = ()
    params: Sequence[str] = ()
    name: str = ""
    message: str = ""
    copy_paths: Sequence[str] = ()
    repro: ReproOptions = field(default_factory=ReproOptions)
    folder: Path | None = None
    trees: Path | None = None
    no_hydra: bool = False


def dump_asked(asked: Asked, root: Path) -> dict[str, Any]:
    """What is kept of it for later, as JSON can have it; parameters and names stand elsewhere."""
    repro = {name: getattr(asked.repro, name) for name in _KEPT}
    return {
        "targets": list(asked.targets),
        "message": asked.message,
        "copy_paths": list(asked.copy_paths),
        "repro": {name: value for name, value in repro.items() if value != getattr(_PLAIN, name)},
        "folder": (asked.folder or root).relative_to(root).as_posix(),
        "trees": str(asked.trees) if asked.trees else "",
    }


def load_asked(data: Mapping[str, Any], root: Path) -> Asked:
    """What `dump_asked` kept, in a working tree with this root; what a later version added is passed over."""
    repro = {key: value for key, value in data.get("repro", {}).items() if key in _KEPT}
    return Asked(
        targets=tuple(data.get("targets", ())),
        message=data.get("message", ""),
        copy_paths=tuple(data.get("copy_paths", ())),
        repro=replace(_PLAIN, **repro),
        folder=root / data.get("folder", "."),
        trees=Path(data["trees"]) if data.get("trees") else None,
    )
