"""Folders as Hugging Face's libraries write them, looked at before one of these reads them.

Their descriptions are JSON: they name files, sizes, and things to import or to fetch.
"""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub.constants import HF_HUB_CACHE

from treering.core.errors import DamagedData
from treering.models.mlmodel import inside, tree_inside
from treering.models.safety.descriptions import descriptions, json_of, values_in

__all__ = ["fetched", "is_repository", "read_folder", "weight_bytes"]

_REPOSITORY = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".h5", ".msgpack")
_MOST_LAYERS = 1000


def is_repository(name: object) -> bool:
    """Whether this can be the name of a repository on the hub, and is no path of this machine."""
    return isinstance(name, str) and _REPOSITORY.fullmatch(name) is not None and not Path(name).exists()


def fetched(name: str) -> set[str]:
    """The commits of a repository that lie in the hub's cache on this machine, of which a loaded network is one."""
    snapshots = Path(HF_HUB_CACHE, f"models--{name.replace('/', '--')}", "snapshots")
    return {one.name for one in snapshots.iterdir() if _COMMIT.fullmatch(one.name)} if snapshots.is_dir() else set()


def read_folder(folder: Path, name: object) -> Path:
    """The part of a model in `folder` that is called `name`, all of which lies inside of the model.

    Raises:
        DamagedData: If it leads out of the model, is not there, or describes a network of absurd depth.
    """
    path = tree_inside(folder, name)
    for file, described in descriptions(path):
        if file.name.endswith(".index.json") and isinstance(weights := described.get("weight_map"), dict):
            for one in set(map(str, weights.values())):
                inside(file.parent, one)
        for key, value in values_in(described):
            if "layer" in key and isinstance(value, int) and value > _MOST_LAYERS:
                msg = f"The model's {file} describes a network with {key} = {value}. It is damaged, and is not read."
                raise DamagedData(msg)
    modules = path / "modules.json"
    for one in json_of(modules) if modules.is_file() else ():
        if isinstance(one, dict) and one.get("path"):
            inside(path, one["path"])
    return path


def weight_bytes(path: Path) -> int:
    """How many bytes of weights a folder holds."""
    return sum(one.stat().st_size for one in path.rglob("*") if one.suffix in _WEIGHTS)
