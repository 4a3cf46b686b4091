"""Artifacts: files and folders that a dvc.yaml gives names, in versions and stages that Git tags name, as GTO writes them.

subdir=model@v1.2.0        the version 1.2.0 of the artifact `model` of subdir/dvc.yaml
model#prod, model#prod#3   the version of that commit is in the stage `prod`; the highest number counts
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from treering.core.errors import InvalidInput, NotFound
from treering.versioning.discovery import PIPELINE_FILE
from treering.versioning.documents import parse_yaml
from treering.versioning.external import OpenedSource, Place, Surroundings, open_source
from treering.versioning.get import GetOptions, Got, get
from treering.versioning.pointers import RepoSource
from treering.versioning.progress import NO_PROGRESS, Progress

__all__ = ["ArtifactName", "Found", "find_artifact", "get_artifact"]

_NAME = re.compile(r"(?:(?P<folder>[a-zA-Z0-9\-_./]+):)?(?P<name>[a-zA-Z0-9](?:[a-zA-Z0-9\-/_]*[a-zA-Z0-9])?)")
_SEMVER = r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
_VERSION_TAG = re.compile(rf"@v{_SEMVER}(?:#\d+)?")
_VERSION = re.compile(rf"v?{_SEMVER}")
_STAGE_TAG = re.compile(r"#(?P<stage>[a-zA-Z0-9](?:[a-zA-Z0-9\-/_]*[a-zA-Z0-9])?)(?P<gone>!?)(?:#(?P<count>\d+))?")


@dataclass(frozen=True, slots=True)
class ArtifactName:
    """`folder:name`, where the folder is that of its dvc.yaml.

    Raises:
        InvalidInput: From `parse`, if it does not have that form.
    """

    folder: str
    name: str

    @classmethod
    def parse(cls, text: str) -> ArtifactName:
        """From what a user wrote: `name`, `folder:name` or `folder/dvc.yaml:name`."""
        found = _NAME.fullmatch(text)
        if found is None:
            msg = f"{text!r} is no name of an artifact. Write `name`, or `folder:name` for one of another dvc.yaml."
            raise InvalidInput(msg)
        folder = posixpath.normpath(found["folder"]) if found["folder"] else ""
        head, _, last = folder.rpartition("/")
        folder = head if last == PIPELINE_FILE else folder
        return cls("" if folder == "." else folder, found["name"])

    def __str__(self) -> str:
        return f"{self.folder}:{self.name}" if self.folder else self.name

    @property
    def tag(self) -> str:
        """What its tags begin with."""
        return f"{self.folder}={self.name}" if self.folder else self.name


class Found(NamedTuple):
    """Where a version of an artifact is: a commit, and a path relative to the root of the Git repository."""

    rev: str
    path: str


def find_artifact(opened: OpenedSource, name: ArtifactName, version: str = "", stage: str = "") -> Found:
    """The commit and path of an artifact: of its greatest version, unless another or a stage is asked for.

    Raises:
        NotFound: If there is no such artifact, version or stage.
        InvalidInput: If both are asked for, or the version has no such form.
    """
    if version and stage:
        msg = "Ask for a version or a stage of an artifact, not for both."
        raise InvalidInput(msg)
    tags = opened.git.tags() if opened.git is not None else {}
    mine = {
        tag.removeprefix(name.tag): sha for tag, sha in tags.items() if tag.startswith((f"{name.tag}@", f"{name.tag}#"))
    }
    rev = _in_stage(mine, stage) if stage else _of_version(mine, version)
    if not rev:
        which = f" in the stage {stage!r}" if stage else f" of the version {version!r}" if version else ""
        msg = f"There is no artifact {str(name)!r}{which} in {opened.url!r}. Look at the tags with `git tag -l '{name.tag}*'`."
        raise NotFound(msg)
    at_rev = opened.at_revision(rev)
    return Found(at_rev.rev, _path(at_rev.at(name.folder), name))


def get_artifact(
    source: RepoSource,
    name: str,
    around: Surroundings,
    choice: tuple[str, str] = ("", ""),
    options: GetOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> Got:
    """Take an artifact out of a repository.

    Args:
        choice: Its version and its stage, one of which is "".

    Raises:
        NotFound: As `find_artifact`; so InvalidInput. As `get` else.
    """
    with open_source(replace(source, rev_lock=""), around) as opened:
        found = find_artifact(opened, ArtifactName.parse(name), *choice)
        return get(opened.at_revision(found.rev).at(found.path), options, progress)


def _of_version(tags: Mapping[str, str], version: str) -> str:
    wanted = _VERSION.fullmatch(version) if version else None
    if version and wanted is None:
        msg = f"{version!r} is no version. Write three numbers, such as v1.2.0."
        raise InvalidInput(msg)
    found = {tag: match for tag in tags if (match := _VERSION_TAG.fullmatch(tag))}
    if wanted is not None:
        return next((tags[tag] for tag, match in found.items() if match.groups() == wanted.groups()), "")
    gone = {tag.removesuffix("!") for tag in tags if tag.endswith("!")}
    left = {tag: match for tag, match in found.items() if tag not in gone}
    return tags[max(left, key=lambda tag: _order(left[tag]))] if left else ""


def _order(match: re.Match[str]) -> tuple[object, ...]:
    """As semantic versioning orders: what has a pre-release comes before what has none."""
    numbers = tuple(int(match[at]) for at in (1, 2, 3))
    parts = match[4].split(".") if match[4] else []
    return (
        numbers,
        not parts,
        tuple((not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts),
    )


def _in_stage(tags: Mapping[str, str], stage: str) -> str:
    events = []
    for tag, sha in tags.items():
        match = _STAGE_TAG.fullmatch(tag)
        if match is not None and match["stage"] == stage:
            events.append((int(match["count"] or 0), bool(match["gone"]), sha))
    if not events:
        return ""
    # Who left the stage comes back only with a later number.
    out = {sha: count for count, gone, sha in sorted(events) if gone}
    left = [(count, sha) for count, gone, sha in events if not gone and count > out.get(sha, -1)]
    return max(left)[1] if left else ""


def _path(place: Place, name: ArtifactName) -> str:
    inside = posixpath.join(place.path, PIPELINE_FILE)
    try:
        text = place.contents.tree.read_bytes(inside)
    except (FileNotFoundError, IsADirectoryError) as error:
        msg = f"There is no {PIPELINE_FILE} in {name.folder or 'the root'!r} of {place.repo.root}, and so no artifact {name}."
        raise NotFound(msg) from error
    document = parse_yaml(text, inside)
    artifacts = document.get("artifacts") if isinstance(document, dict) else None
    entry = artifacts.get(name.name) if isinstance(artifacts, dict) else None
    path = entry.get("path") if isinstance(entry, dict) else None
    if not isinstance(path, str):
        msg = f"{inside} names no artifact {name.name!r} with a path."
        raise NotFound(msg)
    return posixpath.normpath(posixpath.join(place.top, place.path, path))
