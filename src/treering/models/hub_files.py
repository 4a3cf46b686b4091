"""Folders as Hugging Face's libraries write them, looked at before one of these reads them.

Their descriptions are JSON: they name files, sizes, and things to import or to fetch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from huggingface_hub.constants import HF_HUB_CACHE

from treering.core.errors import DamagedData
from treering.models.mlmodel import inside, tree_inside

__all__ = ["fetched", "foreign_code", "is_repository", "read_folder", "weight_bytes"]

_REPOSITORY = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".h5", ".msgpack")
_MOST_LAYERS = 1000
_LONGEST = 64 << 20
# What is imported, by the key in a description, and what may be.
_IMPORTED = {
    "activation_fn": re.compile(r"\w+|torch\.nn\.[\w.]+"),
    "activation_function": re.compile(r"\w+|torch\.nn\.[\w.]+"),
    "tokenizer_class": re.compile(r"\w+|sentence_transformers\.[\w.]*\.[A-Z]\w*"),
}
_MODULE = re.compile(r"sentence_transformers\.([\w.]+\.)?[A-Z]\w*")
# A library of compiled code on the hub, where a name with a slash stands.
_KERNELS = {"_attn_implementation", "_experts_implementation", "attn_implementation", "experts_implementation"}


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
    for file, described in _descriptions(path):
        if file.name.endswith(".index.json") and isinstance(weights := described.get("weight_map"), dict):
            for one in set(map(str, weights.values())):
                inside(file.parent, one)
        for key, value in _values(described):
            if "layer" in key and isinstance(value, int) and value > _MOST_LAYERS:
                msg = f"The model's {file} describes a network with {key} = {value}. It is damaged, and is not read."
                raise DamagedData(msg)
    modules = path / "modules.json"
    for one in _json(modules) if modules.is_file() else ():
        if isinstance(one, dict) and one.get("path"):
            inside(path, one["path"])
    return path


def foreign_code(path: Path) -> str:
    """What would be run that is neither the library's nor PyTorch's, by the word of a folder; "" if nothing would."""
    files = sorted(one.relative_to(path).as_posix() for one in path.rglob("*.py"))
    if files:
        return files[0]
    modules = path / "modules.json"
    kinds = [str(one.get("type", "")) for one in _json(modules) if isinstance(one, dict)] if modules.is_file() else []
    for _, described in _descriptions(path):
        if isinstance(types := described.get("types"), dict):
            kinds += [str(one) for one in types.values()]
        for key, value in _values(described):
            if key in _IMPORTED and isinstance(value, str) and not _IMPORTED[key].fullmatch(value):
                return value
            if key in _KERNELS and "/" in str(value):
                return str(value)
    return next((kind for kind in kinds if not _MODULE.fullmatch(kind)), "")


def weight_bytes(path: Path) -> int:
    """How many bytes of weights a folder holds."""
    return sum(one.stat().st_size for one in path.rglob("*") if one.suffix in _WEIGHTS)


def _descriptions(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(path.rglob("*.json")):
        # Vocabularies are long, and say nothing but words.
        if file.name in {"tokenizer.json", "vocab.json", "added_tokens.json"}:
            continue
        found = _json(file)
        if isinstance(found, dict):
            yield file, found


def _json(file: Path) -> Any:
    """What a file holds; nothing if it is damaged, which the library then says."""
    if file.stat().st_size > _LONGEST:
        msg = f"The model's {file} is {file.stat().st_size} bytes long, which no description is. It is not read."
        raise DamagedData(msg)
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return ()


def _values(described: Any) -> Iterator[tuple[str, Any]]:
    """Every key in a description, however deep, and what it has."""
    pending = [described]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            yield from one.items()
            pending += one.values()
        elif isinstance(one, list):
            pending += one
