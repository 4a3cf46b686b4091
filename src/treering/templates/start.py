"""Starting a project: Git, data versions, and the files of a template. What is there already stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import treering
from treering.core.errors import InvalidInput, NotSupported
from treering.versioning.git import GitRepository
from treering.versioning.init import init_repository
from treering.versioning.roots import DVC_DIR, find_git_root

__all__ = ["DEFAULT", "TEMPLATES", "Started", "Template", "start_project"]

_SUFFIX = ".in"
_DOT = "dot-"
# The comment on its report is called so, too.
_LONGEST_MODEL = 100
_MARK = re.compile(r"@([A-Z]+)@")


@dataclass(frozen=True, slots=True)
class Template:
    """What a project can start as.

    Attributes:
        help: What is in it, in a line.
        parts: The folders of files that make it up; of two files with one name the first counts.
    """

    help: str
    parts: tuple[str, ...]


TEMPLATES: Mapping[str, Template] = {
    "bare": Template("Git and data versions alone.", ()),
    "ci": Template("Makefile, CI files and devcontainer, for a project that is there.", ("ci",)),
    "classifier": Template(
        "A pipeline that trains, evaluates and promotes a classifier, with all of ci.", ("classifier", "ci")
    ),
}
"""The templates by name."""

DEFAULT = "classifier"


@dataclass(frozen=True, slots=True)
class Started:
    """What was done.

    Attributes:
        written: Files that were made, relative to the root, sorted.
        kept: Files that were there already and stay as they are.
        git: Whether Git was begun here; versions: whether data versions were.
        name: What the project is called in its files.
    """

    root: Path
    name: str
    model: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    git: bool
    versions: bool


def start_project(folder: Path, template: str, environ: Mapping[str, str]) -> Started:
    """Start a project in a folder, which is made if need be; nothing that is there is written over.

    Raises:
        InvalidInput: If the folder cannot be one, or there is no such template.
    """
    if template not in TEMPLATES:
        msg = f"There is no template {template!r}. Choose one of: {', '.join(TEMPLATES)}."
        raise InvalidInput(msg)
    root = folder.resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{root} cannot be a project's folder: {error.strerror}. Name another one."
        raise InvalidInput(msg) from error
    git = _begin_git(root, environ)
    versions = not (root / DVC_DIR).is_dir()
    if versions:
        found = find_git_root(root)
        init_repository(root, environ, no_scm=found is None, subdir=found not in {None, root})
    name = root.name or "project"
    model = re.sub(r"[^a-z0-9]+", "-", name.lower())[:_LONGEST_MODEL].strip("-") or "model"
    words = {"NAME": _safe(name), "MODEL": model, "VERSION": treering.__version__}
    written: list[str] = []
    kept: list[str] = []
    for path, text in sorted(_files(TEMPLATES[template].parts).items()):
        filled = _MARK.sub(lambda found: words.get(found[1], found[0]), text)
        (written if _write(root / path, filled) else kept).append(path)
    return Started(root, words["NAME"], model, tuple(written), tuple(kept), git, versions)


def _begin_git(root: Path, environ: Mapping[str, str]) -> bool:
    """Whether it was begun: not within a repository, nor without the program."""
    if find_git_root(root) is not None:
        return False
    try:
        GitRepository(root, environ).run("init", "--quiet")
    except NotSupported:
        return False
    return True


def _safe(name: str) -> str:
    """The name without what would end a string or a line of the files that it stands in."""
    return re.sub(r"[^\w .()+-]", "-", name)


def _files(parts: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts:
        for path, file in _below(files("treering.templates") / "files" / part, ""):
            found.setdefault(path, file.read_text("utf-8"))
    return found


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        # A leading dot would hide the file from those who pack and search this package.
        name = re.sub(f"^{_DOT}", ".", entry.name)
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{name}/")
        elif name.endswith(_SUFFIX):
            yield f"{prefix}{name.removesuffix(_SUFFIX)}", entry


def _write(path: Path, text: str) -> bool:
    """Whether it was written: a file that is there, even a broken link, stays."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}. Name a folder that may be written."
        raise InvalidInput(msg) from error
    return True
