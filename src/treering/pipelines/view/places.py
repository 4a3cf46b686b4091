"""Finds what a path of a question means in a tree: which output it is or lies in."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from treering.core.errors import InvalidInput, NotFound
from treering.pipelines.stage import Stage
from treering.pipelines.stages import StageSet
from treering.pipelines.view.tracked import stages_by_file
from treering.versioning.entries import Output

__all__ = ["Place", "checked_path", "find_place", "place_in"]


@dataclass(frozen=True, slots=True)
class Place:
    """An output, or a path in one.

    Attributes:
        path: Of the output, relative to the root of the repository.
        within: The path in it; "" for the output itself.
    """

    stage: Stage
    out: Output
    path: str
    within: str = ""

    @property
    def absolute(self) -> str:
        """Where the output lies."""
        return self.stage.path_of(self.out.path)


def checked_path(path: str, *, what: str = "path") -> str:
    """A path relative to the root of the repository, without a slash at its end.

    Raises:
        InvalidInput: If it is absolute or climbs, or could not be a path at all.
    """
    parts = path.rstrip("/").split("/") if path else []
    if "\0" in path or path.startswith("/") or "\\" in path or any(part in {"", ".", ".."} for part in parts):
        msg = f"The {what} {path!r} does not lie in the repository. Give one relative to its root, without '..'."
        raise InvalidInput(msg)
    return "/".join(parts)


def find_place(stages: StageSet, path: str, under: str = "") -> Place | None:
    """The output that a path is or lies in; None if there is none.

    Args:
        stages: Of the tree that is meant. What cannot be used of it is passed over.
        path: Relative to the root of the repository.
        under: A path below that.

    Raises:
        InvalidInput: If one of them climbs.
    """
    wanted = checked_path(path)
    inner = checked_path(under, what="path in it")
    whole = posixpath.join(wanted, inner) if inner else wanted
    repo = stages.repo
    for stage in stages_by_file(stages, []):
        for out in stage.outs:
            if not out.is_local:
                continue
            at = repo.relpath(stage.path_of(out.path))
            if whole == at or whole.startswith(f"{at}/"):
                return Place(stage, out, at, whole[len(at) + 1 :])
    return None


def place_in(stages: StageSet, path: str, under: str = "") -> Place:
    """As `find_place`.

    Raises:
        NotFound: If there is none.
    """
    found = find_place(stages, path, under)
    if found is None:
        what = posixpath.join(path, under) if under else path
        msg = f"{what!r} is not tracked, and does not lie in anything that is. Look at what is tracked."
        raise NotFound(msg)
    return found
