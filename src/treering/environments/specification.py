"""What the environment of a model holds: read from the files beside it, and changed in them."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.environments.base import Specification

__all__ = ["CONDA", "REQUIREMENTS", "canonical", "changed", "name_of", "read", "rewrite"]

REQUIREMENTS = "requirements.txt"
CONDA = "conda.yaml"
_PYTHON_ENV = "python_env.yaml"
_CONSTRAINTS = "constraints.txt"
_LONGEST = 1 << 20
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:$|[<>=!~;@,(]|\s)")


def read(folder: Path, ours: Iterable[str] = ()) -> Specification:
    """What the model in `folder` needs, with `ours` beside it.

    Raises:
        NotFound: If the model does not say what it needs.
        DamagedData: If its files are not what they should be.
    """
    described = _yaml(folder / _PYTHON_ENV)
    conda = _yaml(folder / CONDA)
    lines = _lines(folder / REQUIREMENTS)
    if lines is None:
        lines = [str(line) for line in _pip_of(conda)]
    if not lines and not conda and not described:
        msg = (
            f"{folder} does not say what it needs: it has neither {REQUIREMENTS} nor {CONDA}."
            " Save the model again, or run it with --env-manager local."
        )
        raise NotFound(msg)
    python = str(described.get("python") or _python_of(conda) or platform.python_version())
    build = described.get("build_dependencies") or []
    if not isinstance(build, list):
        msg = (
            f"{folder / _PYTHON_ENV} is damaged: its build_dependencies are no list. Save or download the model again."
        )
        raise DamagedData(msg)
    return Specification(
        python,
        tuple(line for line in lines if not line.startswith(("-c", "--constraint"))),
        tuple(_lines(folder / _CONSTRAINTS) or ()),
        tuple(str(one) for one in build),
        conda,
        tuple(ours),
    )


def canonical(name: str) -> str:
    """A package's name as all its spellings have it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    """The package that a requirement is about, in its canonical spelling; "" if it is none by name."""
    found = _NAME.match(requirement)
    return canonical(found[1]) if found else ""


def changed(lines: Iterable[str], operation: str, given: Iterable[str]) -> list[str]:
    """Requirements with some added, which replace those of the same package, or removed.

    Args:
        operation: `add` or `remove`.

    Raises:
        InvalidInput: If a given one is no requirement, or one to remove is not there.
    """
    old, new = list(lines), list(given)
    if operation not in {"add", "remove"}:
        msg = f"{operation!r} is no operation on requirements. Known ones: add, remove."
        raise InvalidInput(msg)
    names = [name_of(one) for one in new]
    if not new or "" in names:
        wrong = [one for one, name in zip(new, names, strict=True) if not name]
        msg = f"No requirements by name: {wrong or 'nothing was given'}. Write such as scikit-learn==1.5.0."
        raise InvalidInput(msg)
    there = {name_of(line) for line in old}
    if operation == "remove":
        missing = sorted(set(names) - there)
        if missing:
            msg = f"The model does not require {', '.join(missing)}, so nothing is removed. It requires: {', '.join(old)}."
            raise InvalidInput(msg)
        return [line for line in old if name_of(line) not in names]
    by_name = dict(zip(names, new, strict=True))
    kept = [by_name.pop(name_of(line), line) if name_of(line) else line for line in old]
    return [*kept, *by_name.values()]


def rewrite(folder: Path, operation: str, given: Iterable[str]) -> list[str]:
    """Change what the model in `folder` requires, in all files that say it; returns the new lines.

    Raises:
        NotFound: If the model does not say what it needs.
        InvalidInput: As `changed`.
    """
    old = _lines(folder / REQUIREMENTS)
    conda = _yaml(folder / CONDA)
    if old is None:
        old = [str(line) for line in _pip_of(conda)]
        if not old:
            msg = f"{folder} has no {REQUIREMENTS}, so there is nothing to change. Name the folder of a model."
            raise NotFound(msg)
    lines = changed(old, operation, given)
    # The second file first: what is read when both are there is the first.
    if conda:
        _put(folder / CONDA, yaml.safe_dump(_with_pip(conda, lines), sort_keys=False))
    _put(folder / REQUIREMENTS, "".join(f"{line}\n" for line in lines))
    return lines


def _put(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _with_pip(conda: Mapping[str, Any], lines: list[str]) -> dict[str, Any]:
    rest = [one for one in conda.get("dependencies") or [] if not (isinstance(one, dict) and "pip" in one)]
    return {**conda, "dependencies": [*rest, {"pip": lines}]}


def _pip_of(conda: Mapping[str, Any]) -> list[Any]:
    for one in conda.get("dependencies") or []:
        if isinstance(one, dict) and isinstance(one.get("pip"), list):
            return list(one["pip"])
    return []


def _python_of(conda: Mapping[str, Any]) -> str:
    for one in conda.get("dependencies") or []:
        found = re.fullmatch(r"python\s*=+\s*([\d.]+)", one) if isinstance(one, str) else None
        if found:
            return found[1]
    return ""


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LONGEST:
            msg = f"{path} is longer than {_LONGEST} bytes, which no list of packages is. Do not use this model."
            raise DamagedData(msg)
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        msg = f"{path} is damaged: it is not text. Save or download the model again."
        raise DamagedData(msg) from error


def _lines(path: Path) -> list[str] | None:
    text = _text(path)
    if text is None:
        return None
    found = [re.sub(r"(^|\s)#.*$", "", line).strip() for line in text.splitlines()]
    return [line for line in found if line]


def _yaml(path: Path) -> dict[str, Any]:
    text = _text(path)
    if text is None:
        return {}
    try:
        # Not the loader in C, whose depth ends the process.
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        msg = f"{path} is damaged: it is not YAML ({error}). Save or download the model again."
        raise DamagedData(msg) from error
    if not isinstance(found, dict) or not isinstance(found.get("dependencies") or [], list):
        msg = f"{path} is damaged: it is no mapping with a list of dependencies. Save or download the model again."
        raise DamagedData(msg)
    return found
