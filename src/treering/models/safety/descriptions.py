"""The JSON in folders of Hugging Face's libraries, and what of it names code, looked at without these libraries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from treering.core.errors import DamagedData

__all__ = ["descriptions", "foreign_code", "json_of", "values_in"]

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


def foreign_code(path: Path) -> str:
    """What would be run that is neither the library's nor PyTorch's, by the word of a folder; "" if nothing would."""
    files = sorted(one.relative_to(path).as_posix() for one in path.rglob("*.py"))
    if files:
        return files[0]
    modules = path / "modules.json"
    kinds = [str(one.get("type", "")) for one in json_of(modules) if isinstance(one, dict)] if modules.is_file() else []
    for _, described in descriptions(path):
        if isinstance(types := described.get("types"), dict):
            kinds += [str(one) for one in types.values()]
        for key, value in values_in(described):
            if key in _IMPORTED and isinstance(value, str) and not _IMPORTED[key].fullmatch(value):
                return value
            if key in _KERNELS and "/" in str(value):
                return str(value)
    return next((kind for kind in kinds if not _MODULE.fullmatch(kind)), "")


def descriptions(path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """All objects below a folder, with the files that they stand in. Raises DamagedData."""
    for file in sorted(path.rglob("*.json")):
        # Vocabularies are long, and say nothing but words.
        if file.name in {"tokenizer.json", "vocab.json", "added_tokens.json"}:
            continue
        found = json_of(file)
        if isinstance(found, dict):
            yield file, found


def json_of(file: Path) -> Any:
    """What a file holds; nothing if it is damaged, which the library then says."""
    if file.stat().st_size > _LONGEST:
        msg = f"The model's {file} is {file.stat().st_size} bytes long, which no description is. It is not read."
        raise DamagedData(msg)
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return ()


def values_in(described: Any) -> Iterator[tuple[str, Any]]:
    """Every key in a description, however deep, and what it has."""
    pending = [described]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            yield from one.items()
            pending += one.values()
        elif isinstance(one, list):
            pending += one
