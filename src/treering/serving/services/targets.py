"""What a target names, and what its file says of itself, without running any of it."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import yaml

from treering.core.errors import NotFound

__all__ = ["BUILD_FILES", "FILES", "in_folder", "parted", "workers_said"]

FILES = ("service.py", "app.py", "main.py")
BUILD_FILES = ("bentofile.yaml", "bentofile.yml")


def parted(target: str) -> tuple[str, str, str]:
    """The module or path of a target, the colon if there is one, and the service's name."""
    head, colon, name = target.rpartition(":")
    # `C:\service.py` names no service.
    if not colon or "/" in name or "\\" in name:
        return target, "", ""
    return head, colon, name


def in_folder(path: Path, name: str) -> tuple[str, str, str]:
    """The target that a folder's build file names, or its file of a usual name.

    Raises:
        NotFound: If it has neither.
    """
    for one in BUILD_FILES:
        if (path / one).exists():
            words = yaml.safe_load((path / one).read_text("utf-8")) or {}
            if isinstance(words, dict) and words.get("service"):
                where, colon, inner = parted(str(words["service"]))
                return where, colon or (":" if name else ""), name or inner
    for one in FILES:
        if (path / one).exists():
            return one, ":" if name else "", name
    msg = f"In {path} is neither a bentofile.yaml with a service nor one of {', '.join(FILES)}."
    raise NotFound(msg)


def workers_said(target: str, folder: str | Path = ".") -> int:
    """How many workers a service asks for, read from its text: who serves it does not run it.

    1 where the text does not tell, as where the number is computed.
    """
    base = Path(folder).absolute()
    where, _, name = parted(target)
    try:
        if (path := base / where).is_dir() and not (path / "__init__.py").exists():
            base, (where, _, name) = path, in_folder(path, name)
        file = base / where if where.endswith(".py") else base / Path(*where.split(".")).with_suffix(".py")
        tree = ast.parse(file.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError, NotFound):
        return 1
    classes = [one for one in tree.body if isinstance(one, ast.ClassDef) and name in ("", one.name)]
    # Without a name it is the last that depends on the others, as they stand before it.
    found = [_workers(one) for one in classes if any(_is_service(mark) for mark in one.decorator_list)]
    return found[-1] if found else 1


def _is_service(mark: ast.expr) -> bool:
    called = mark.func if isinstance(mark, ast.Call) else mark
    return (isinstance(called, ast.Attribute) and called.attr == "service") or (
        isinstance(called, ast.Name) and called.id == "service"
    )


def _workers(found: ast.ClassDef) -> int:
    said: Any = None
    for mark in found.decorator_list:
        if isinstance(mark, ast.Call) and _is_service(mark):
            said = next((one.value for one in mark.keywords if one.arg == "workers"), None)
    value = said.value if isinstance(said, ast.Constant) else None
    if value == "cpu_count":
        return os.cpu_count() or 1
    return value if type(value) is int and value > 0 else 1
