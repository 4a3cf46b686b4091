"""`bentofile.yaml`, and `[tool.bentoml.build]` of pyproject.toml: what to build, as BentoML's users write it down."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from treering.core.errors import InvalidInput, NotFound

__all__ = ["Bentofile", "read"]

_LONGEST = 1 << 20
_PYTHON = {
    *("requirements_txt", "packages", "lock_packages", "pack_git_packages", "index_url", "no_index", "trusted_host"),
    *("find_links", "extra_index_url", "pip_args", "wheels", "is_src_layout"),
}
_DOCKER = {
    *("distro", "python_version", "cuda_version", "env", "system_packages", "setup_script", "base_image"),
    "dockerfile_template",
}
_KEYS = {
    *("service", "name", "description", "labels", "include", "exclude", "models", "envs", "args", "python", "docker"),
    "conda",
}
_REFUSED = {
    "conda": "Write the packages under python, or build the image from a base that has them (docker: base_image)",
    "docker.dockerfile_template": "Write the Dockerfile with `treering bundle dockerfile` and change it",
    "docker.setup_script": "Build the image from a base that is set up already (docker: base_image)",
    "docker.cuda_version": "Name a base image with that CUDA (docker: base_image)",
}


@dataclass(frozen=True, slots=True)
class Bentofile:
    """What the file says, as the parts of a plan.

    Attributes:
        folder: The project's.
        index: Arguments that say where packages come from.
        base_image: Of the image; empty: the usual one.
    """

    folder: Path
    service: str = ""
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    models: Sequence[str] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    requirements: Sequence[str] = ()
    lock: bool = True
    index: Sequence[str] = ()
    python: str = ""
    system_packages: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    base_image: str = ""


def read(path: Path) -> Bentofile:
    """What a build file says; a folder stands for the `bentofile.yaml` or `pyproject.toml` in it.

    Raises:
        NotFound: If it is not there.
        InvalidInput: If it says what nobody understands, or what has no place in a bundle.
    """
    if path.is_dir():
        path = path / "bentofile.yaml" if (path / "bentofile.yaml").is_file() else path / "pyproject.toml"
    said = _load(path)
    folder = path.absolute().parent
    _known(said, _KEYS, "", path)
    python = _section(said, "python", _PYTHON, path)
    docker = _section(said, "docker", _DOCKER, path)
    for name, instead in _REFUSED.items():
        if _at(said, name):
            msg = f"{path}: {name!r} has no place in a bundle. {instead}."
            raise InvalidInput(msg)
    return Bentofile(
        folder,
        service=str(said.get("service") or ""),
        name=str(said.get("name") or ""),
        description=_description(str(said.get("description") or ""), folder),
        labels=_texts(said.get("labels"), "labels", path),
        include=_list(said.get("include"), "include", path),
        exclude=_list(said.get("exclude"), "exclude", path),
        models=[_model(one, path) for one in said.get("models") or ()],
        arguments=_texts(said.get("args"), "args", path),
        requirements=_requirements(python, folder, path),
        lock=bool(python.get("lock_packages", True)),
        index=_index(python, path),
        python=str(docker.get("python_version") or ""),
        system_packages=_list(docker.get("system_packages"), "docker.system_packages", path),
        variables=_variables(said, docker, path),
        base_image=str(docker.get("base_image") or ""),
    )


def _load(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _LONGEST:
            msg = f"{path} is longer than {_LONGEST} bytes, which no build file is."
            raise InvalidInput(msg)
        if path.suffix == ".toml":
            tool = tomllib.loads(path.read_text("utf-8")).get("tool", {})
            said = tool.get("bentoml", {}).get("build") if isinstance(tool, dict) else None
        else:
            # Not the loader in C, whose depth ends the process.
            said = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        msg = f"There is no {path}. Name a bentofile.yaml, a pyproject.toml with [tool.bentoml.build], or a folder with one."
        raise NotFound(msg) from error
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError) as error:
        msg = f"{path} cannot be read: {error}"
        raise InvalidInput(msg) from error
    if not isinstance(said, dict):
        msg = f"{path} says nothing about a build. Write at least `service: module:Class`."
        raise InvalidInput(msg)
    return said


def _known(said: Mapping[str, Any], known: set[str], where: str, path: Path) -> None:
    if strange := sorted(set(map(str, said)) - known):
        msg = f"{path}: nobody knows {where}{strange[0]!r}. Known: {', '.join(sorted(known))}."
        raise InvalidInput(msg)


def _section(said: Mapping[str, Any], name: str, known: set[str], path: Path) -> Mapping[str, Any]:
    found = said.get(name) or {}
    if not isinstance(found, dict):
        msg = f"{path}: {name!r} has to be a mapping."
        raise InvalidInput(msg)
    _known(found, known, f"{name}.", path)
    return found


def _at(said: Mapping[str, Any], name: str) -> Any:
    first, _, second = name.partition(".")
    found = said.get(first)
    return found if not second else found.get(second) if isinstance(found, dict) else None


def _description(text: str, folder: Path) -> str:
    if not text.startswith("file:"):
        return text
    place = folder / text.removeprefix("file:").strip()
    try:
        return place.read_text("utf-8")
    except (OSError, ValueError) as error:
        msg = f"The description {place} cannot be read: {error}"
        raise NotFound(msg) from error


def _list(value: Any, name: str, path: Path) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str | int | float) for one in value):
        msg = f"{path}: {name!r} has to be a list of texts."
        raise InvalidInput(msg)
    return [str(one) for one in value]


def _texts(value: Any, name: str, path: Path) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        msg = f"{path}: {name!r} has to be a mapping."
        raise InvalidInput(msg)
    return {str(key): str(one) for key, one in value.items()}


def _model(value: Any, path: Path) -> str:
    """A model as its URI: BentoML's tags `name:version` are names of registered models here."""
    tag = value.get("tag") if isinstance(value, dict) else value
    if not isinstance(tag, str) or not tag:
        msg = f"{path}: {value!r} is no model. Write its tag, such as churn:3, or models:/churn@champion."
        raise InvalidInput(msg)
    alias = str(value.get("alias") or "") if isinstance(value, dict) else ""
    if "/" not in tag:
        name, _, version = tag.partition(":")
        tag = (
            f"models:/{name}/{version or 'latest'}"
            if not version or version.isdigit() or version == "latest"
            else (f"models:/{name}@{version}")
        )
    return f"{alias}={tag}" if alias else tag


def _requirements(python: Mapping[str, Any], folder: Path, path: Path) -> list[str]:
    found = _list(python.get("packages"), "python.packages", path)
    if name := python.get("requirements_txt"):
        place = folder / str(name)
        try:
            lines = place.read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            msg = f"The requirements {place} cannot be read: {error}"
            raise NotFound(msg) from error
        found += [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return found


def _index(python: Mapping[str, Any], path: Path) -> list[str]:
    found: list[str] = []
    if python.get("index_url"):
        found += ["--index-url", str(python["index_url"])]
    if python.get("no_index"):
        found.append("--no-index")
    for key, option in (("extra_index_url", "--extra-index-url"), ("find_links", "--find-links")):
        value = python.get(key)
        for one in [value] if isinstance(value, str) else _list(value, f"python.{key}", path):
            found += [option, one]
    return found


def _variables(said: Mapping[str, Any], docker: Mapping[str, Any], path: Path) -> dict[str, str]:
    env = docker.get("env")
    listed = [_pair(str(one), path) for one in env] if isinstance(env, list) else None
    found = _texts(env, "docker.env", path) if listed is None else dict(listed)
    for one in said.get("envs") or ():
        if not isinstance(one, dict) or not one.get("name"):
            msg = f"{path}: {one!r} is no variable. Write `name:` and `value:`."
            raise InvalidInput(msg)
        if one.get("value") is not None and one.get("stage", "all") in {"all", "runtime"}:
            found[str(one["name"])] = str(one["value"])
    return found


def _pair(text: str, path: Path) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        msg = f"{path}: {text!r} is no variable. Write NAME=VALUE."
        raise InvalidInput(msg)
    return name, value
