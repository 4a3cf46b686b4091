"""The source of a run as git knows it: commit, branch, remote, and what tracked files differ in from the commit.

It asks the `git` program, changes nothing in the repository, and runs none of the
programs that a repository may name. Files that git ignores and the contents of
untracked files are never read.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from treering.client.capture.masking import is_secret_file, public_url

__all__ = ["Source", "look_at_source"]

_PATIENCE = 30.0
_MOST_NAMES = 500
_ANSWER = 16 << 20
# No write to the index, no program that the configuration names, and names as they are.
_GIT = ("git", "--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_DIFF = (
    *("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--submodule=short"),
    *("--ignore-submodules=dirty", "--src-prefix=a/", "--dst-prefix=b/", "HEAD", "--", "."),
)
_STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=dirty")
# The fields of an entry before its path, by the letter that it begins with.
_FIELDS = {"1": 8, "u": 10}


@dataclass(frozen=True, slots=True)
class Source:
    """What git says of a folder.

    Attributes:
        commit: "" if there is none yet.
        branch: "" if none is checked out.
        remote: The address of `origin`, or else of the first remote, without passwords; "" for none.
        changed: Tracked files that differ from the commit, as paths from the root of the checkout.
        left_out: Those of them that are not in the diff because their names say that they hold secrets.
        untracked: Files and folders that git neither tracks nor ignores; at most 500.
        untracked_count: How many there are.
        diff: How tracked files differ from the commit, in git's format; at most as long as asked.
        cut: Whether the diff is longer than that.
    """

    commit: str
    branch: str
    remote: str
    changed: tuple[str, ...]
    left_out: tuple[str, ...]
    untracked: tuple[str, ...]
    untracked_count: int
    diff: bytes
    cut: bool

    @property
    def is_dirty(self) -> bool:
        """Whether a tracked file differs from the commit."""
        return bool(self.changed)


def look_at_source(folder: Path, most_bytes: int, *, with_diff: bool) -> Source | None:
    """What git says of `folder`; None without git, or outside of a checkout.

    Args:
        most_bytes: How long the diff may be; 0: as long as it is.
        with_diff: Whether the diff and the untracked files are asked for.
    """
    top = _ask(folder, ("rev-parse", "--show-toplevel"))
    if not top:
        return None
    root = Path(os.fsdecode(top.removesuffix(b"\n")))
    status = _ask(root, (*_STATUS, "--no-renames", "-z"))
    if not status:
        return None
    heads, changed = _understood(status)
    commit, branch = (heads.get(name, "") for name in ("branch.oid", "branch.head"))
    commit = "" if commit.startswith("(") else commit
    secrets = [name for name in changed if is_secret_file(name)]
    diff, cut = b"", False
    if with_diff and commit and len(secrets) < len(changed):
        excluded = [f":(top,exclude,literal){name}" for name in secrets]
        diff, cut = _bounded(root, (*_DIFF, *excluded), most_bytes)
    untracked = _untracked(root) if with_diff else []
    return Source(
        commit,
        "" if branch.startswith("(") else branch,
        _remote(root),
        tuple(map(_printable, changed)),
        tuple(map(_printable, secrets)),
        tuple(map(_printable, untracked[:_MOST_NAMES])),
        len(untracked),
        diff,
        cut,
    )


def _understood(status: bytes) -> tuple[dict[str, str], list[str]]:
    """The heads of a status and the paths in it."""
    heads: dict[str, str] = {}
    changed = []
    for line in os.fsdecode(status).split("\0"):
        kind, _, rest = line.partition(" ")
        if kind == "#":
            name, _, value = rest.partition(" ")
            heads[name] = value
        elif kind in _FIELDS:
            changed.append(line.split(" ", _FIELDS[kind])[-1])
    return heads, changed


def _untracked(root: Path) -> list[str]:
    asked = ("ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory", "-z")
    names = os.fsdecode(_ask(root, asked)).split("\0")
    return [name for name in names if name and not name.startswith(".treering/") and not is_secret_file(name)]


def _remote(root: Path) -> str:
    names = os.fsdecode(_ask(root, ("remote",))).split()
    if not names:
        return ""
    name = "origin" if "origin" in names else names[0]
    return public_url(_printable(os.fsdecode(_ask(root, ("config", "--get", f"remote.{name}.url"))).strip()))


def _printable(name: str) -> str:
    """A name with a mark for each byte that is not text."""
    return os.fsencode(name).decode("utf-8", "replace")


def _ask(folder: Path, arguments: Sequence[str]) -> bytes:
    """What git prints; nothing if it cannot be run, fails, or takes too long."""
    answer, cut = _bounded(folder, arguments, _ANSWER)
    # Half a name is none.
    return answer.rpartition(b"\0")[0] if cut else answer


def _bounded(folder: Path, arguments: Sequence[str], most_bytes: int) -> tuple[bytes, bool]:
    """What git prints, up to a length, and whether it was cut there."""
    try:
        git = subprocess.Popen(  # noqa: S603  # our own command
            [*_GIT, *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return b"", False
    with git:
        assert git.stdout is not None  # noqa: S101  # asked for above
        alarm = threading.Timer(_PATIENCE, git.kill)
        alarm.daemon = True
        alarm.start()
        answer = git.stdout.read(most_bytes + 1 if most_bytes else -1)
        cut = bool(most_bytes) and len(answer) > most_bytes
        if cut:
            git.kill()
        status = git.wait()
        alarm.cancel()
    if cut:
        return answer[:most_bytes], True
    return (answer, False) if status == 0 else (b"", False)
