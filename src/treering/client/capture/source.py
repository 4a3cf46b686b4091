"""The source of a run as git knows it: commit, branch, remote, and what tracked files differ in from the commit.

It asks the `git` program, changes nothing in the repository, and runs none of the
programs that a repository may name. Files that git ignores and the contents of
untracked files are never read. Nobody waits for git: a shell that ends at once leaves
it behind, to write into a folder which is read later. So this process never has a
pipe that a fork could keep open, nor a child that the program's own `os.wait` could get.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from treering.client.capture.masking import is_secret_file, public_url

__all__ = ["Asked", "Source", "answer", "ask", "ask_here", "look_at_source"]

_PATIENCE = 30.0
_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05
_MOST_NAMES = 500
_ANSWER = 16 << 20
# No write to the index, no program that the configuration names, and names as they are.
_GIT = ("git", "--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_TOP = (*_GIT, "rev-parse", "--show-toplevel")
_STATUS = (*_GIT, "status", "--porcelain=v2", "--branch", "--ignore-submodules=dirty", "--no-renames", "-z")
_REMOTES = (*_GIT, "config", "-z", "--get-regexp", r"^remote\..*\.url$")
_DIFF = (
    *(*_GIT, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--submodule=short"),
    *("--ignore-submodules=dirty", "--src-prefix=a/", "--dst-prefix=b/", "HEAD", "--", "."),
)
# $1 is where to look, $2 where to write, $3 which untracked files are named, $4 how much of a diff is kept: 0 is none.
_SCRIPT = f"""
(
    trap ': > "$2/end"' EXIT
    cd -- "$1" && top=$({shlex.join(_TOP)}) && cd -- "$top" || exit
    {shlex.join(_STATUS)} "--untracked-files=$3" > "$2/half" && mv "$2/half" "$2/status" || exit
    {shlex.join(_REMOTES)} > "$2/remotes"
    [ "$4" = 0 ] || {shlex.join(_DIFF)} | head -c "$4" > "$2/diff"
) < /dev/null > /dev/null 2>&1 &
"""
_MOST = 1 << 40
# The fields of an entry before its path, by the letter that it begins with.
_FIELDS = {"1": 8, "u": 10, "?": 1}
_SECTION = re.compile(rb"^(?=diff --git )", re.MULTILINE)


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


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that git answers in the background.

    Attributes:
        folder: What it is about.
        answers: Where the answers appear; `answer` removes it.
        most_bytes: How long the diff may be; 0: as long as it is.
        with_diff: Whether the diff and the untracked files are asked for.
    """

    folder: Path
    answers: Path
    most_bytes: int
    with_diff: bool

    @property
    def untracked(self) -> str:
        """How git is told which untracked files it names."""
        return "normal" if self.with_diff else "no"

    @property
    def read_bytes(self) -> int:
        """How much of the diff is read, one byte more than is kept; 0 if none is."""
        return (self.most_bytes or _MOST) + 1 if self.with_diff else 0


def look_at_source(folder: Path, most_bytes: int, *, with_diff: bool) -> Source | None:
    """What git says of `folder`; None without git, or outside of a checkout.

    Args:
        most_bytes: How long the diff may be; 0: as long as it is.
        with_diff: Whether the diff and the untracked files are asked for.
    """
    asked = ask(folder, most_bytes, with_diff=with_diff)
    return None if asked is None else answer(asked)


def ask(folder: Path, most_bytes: int, *, with_diff: bool) -> Asked | None:
    """Ask git, and go on at once; None if there is no place for its answers. Arguments as for `look_at_source`.

    To be called in the thread that starts a run: what waits for "any child" must not meet the shell.
    """
    try:
        asked = Asked(folder, Path(tempfile.mkdtemp(prefix="treering-")), most_bytes, with_diff)
    except OSError:
        return None
    if sys.platform != "win32":
        words = (str(folder), str(asked.answers), asked.untracked, str(asked.read_bytes))
        with suppress(OSError):
            # Started without a pipe: a fork in another thread would keep its end open.
            subprocess.Popen(["/bin/sh", "-c", _SCRIPT, "sh", *words], close_fds=False).wait()  # noqa: S603  # our own
    return asked


def answer(asked: Asked) -> Source | None:
    """Wait for git, up to half a minute; called once. None as for `look_at_source`."""
    try:
        if sys.platform == "win32":
            ask_here(asked)
        end, pause = time.monotonic() + _PATIENCE, _FIRST_PAUSE
        while not (asked.answers / "end").exists() and time.monotonic() < end:
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        return _understood(asked)
    finally:
        shutil.rmtree(asked.answers, ignore_errors=True)


def ask_here(asked: Asked) -> None:
    """Do what the shell does, where there is none, and wait for it."""

    def run(name: str, command: tuple[str, ...], folder: Path) -> bool:
        with (asked.answers / name).open("wb") as file:
            done = subprocess.run(  # noqa: S603  # our own command
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL,
                timeout=_PATIENCE, check=False,
            )  # fmt: skip
        return done.returncode == 0

    with suppress(OSError, subprocess.TimeoutExpired):
        if run("top", _TOP, asked.folder):
            top = Path(os.fsdecode((asked.answers / "top").read_bytes().rstrip(b"\r\n")))
            if run("half", (*_STATUS, f"--untracked-files={asked.untracked}"), top):
                (asked.answers / "half").rename(asked.answers / "status")
                run("remotes", _REMOTES, top)
                if asked.with_diff:
                    run("diff", _DIFF, top)
    (asked.answers / "end").touch()


def _understood(asked: Asked) -> Source | None:
    status = _read(asked.answers / "status", _ANSWER)
    if not status:
        return None
    heads, changed, untracked = _entries(status)
    commit, branch = (heads.get(name, "") for name in ("branch.oid", "branch.head"))
    diff = _read(asked.answers / "diff", asked.read_bytes)
    cut = bool(asked.most_bytes) and len(diff) > asked.most_bytes
    return Source(
        "" if commit.startswith("(") else commit,
        "" if branch.startswith("(") else branch,
        _remote(_read(asked.answers / "remotes", _ANSWER)),
        tuple(map(_printable, changed)),
        tuple(_printable(name) for name in changed if is_secret_file(name)),
        tuple(map(_printable, untracked[:_MOST_NAMES])),
        len(untracked),
        _without_secrets(diff[: asked.most_bytes] if cut else diff),
        cut,
    )


def _read(file: Path, most_bytes: int) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(min(most_bytes, os.fstat(opened.fileno()).st_size))
    except OSError:
        return b""


def _entries(status: bytes) -> tuple[dict[str, str], list[str], list[str]]:
    """The heads of a status, the paths that changed, and those that git does not track."""
    heads: dict[str, str] = {}
    changed, untracked = [], []
    # Half a name is none.
    for line in os.fsdecode(status).split("\0")[:-1]:
        kind, _, rest = line.partition(" ")
        path = line.split(" ", _FIELDS.get(kind, 0))[-1]
        if kind == "#":
            name, _, value = rest.partition(" ")
            heads[name] = value
        elif kind == "?":
            if not path.startswith(".treering/") and not is_secret_file(path):
                untracked.append(path)
        elif kind in _FIELDS:
            changed.append(path)
    return heads, changed, untracked


def _without_secrets(diff: bytes) -> bytes:
    """The diff of those files alone whose names do not say that they hold secrets."""
    return b"".join(part for part in _SECTION.split(diff) if not _is_secret(part))


def _is_secret(section: bytes) -> bool:
    # Without renames, both names are the same but for their prefixes; odd ones are in quotes.
    names = os.fsdecode(section.partition(b"\n")[0].removeprefix(b"diff --git "))
    return is_secret_file(names[: len(names) // 2].strip('"'))


def _remote(told: bytes) -> str:
    """The address of `origin`, or else of the first remote."""
    remotes = [line.partition("\n") for line in os.fsdecode(told).split("\0") if line]
    origins = [remote for remote in remotes if remote[0] == "remote.origin.url"]
    url = next((url for _, _, url in origins + remotes), "")
    return public_url(_printable(url).strip())


def _printable(name: str) -> str:
    """A name with a mark for each byte that is not text."""
    return os.fsencode(name).decode("utf-8", "replace")
