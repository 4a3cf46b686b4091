"""Treering and DVC as command lines on repositories of the same content; each command is a whole process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from figures import Figure
from sides import DVC, TREERING, install_peer

__all__ = ["BOTH", "OURS", "THEIRS", "Race", "Taken", "Tool", "commit", "environment", "git"]

_GIT = {
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@example.org",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
# What DVC does where nothing is configured, said to both: a clone of the blocks if the file system can, else a copy.
_LINKS = "reflink,copy"


@dataclass(frozen=True)
class Taken:
    """What a command took.

    Attributes:
        wall: Seconds.
        cpu: Seconds of the processor, of the process and those that it waited for.
        memory: Most resident bytes of the largest of these processes.
        read: Bytes that it asked the system for, by reading or by copying inside the system; 0 where nobody counts them.
    """

    wall: float
    cpu: float
    memory: int
    read: int


@dataclass(frozen=True)
class Tool:
    """A command line, as words."""

    name: str
    words: tuple[str, ...]

    def run(self, repository: Path, *arguments: str) -> Taken:
        """Run a command in a repository. Raises RuntimeError with what it said if it fails."""
        with tempfile.TemporaryFile() as said:
            began = time.perf_counter()
            process = subprocess.Popen(
                [*self.words, *arguments], cwd=repository, env=environment(repository), stdout=said, stderr=said
            )
            # It has ended and is not gone yet: the system still knows what it has read.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            wall = time.perf_counter() - began
            read = _bytes_read(process.pid)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                words = said.read().decode(errors="replace")[-2000:]
                msg = f"{self.name} {' '.join(arguments)}: exit {process.returncode}: {words}"
                raise RuntimeError(msg)
        return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, read)


OURS = Tool("treering dvc", (TREERING.program, "dvc"))
THEIRS = Tool("dvc", (str(DVC.python.parent / "dvc"),))
BOTH = (OURS, THEIRS)


class Race:
    """Both tools do the same, in turns, in repositories of their own; who begins changes from time to time.

    Nothing is removed before the end of the benchmark, and each repetition has folders of new names: some file
    systems, such as ext4, make new files several times slower for a while after many were removed.

    Args:
        theme: Of the figures.
        folder: Where the repositories are made; it must not exist yet.
        tools: The tools; both, unless given.
        cold: Whether what was written before is waited for before each command, so that none pays for another.
    """

    def __init__(self, theme: str, folder: Path, tools: Sequence[Tool] = BOTH, *, cold: bool = False) -> None:
        self._theme = theme
        self._folder = folder
        self._tools = tools
        self._cold = cold
        self._rounds = 0
        self._away = 0
        self._turn = 0
        self._taken: dict[str, list[list[Taken]]] = {}
        self.repositories: list[Path] = []
        install_peer(DVC)

    def fresh(self) -> list[Path]:
        """New, empty repositories of Git and of each tool, in which the next steps are done."""
        self._rounds += 1
        self.repositories = []
        for tool in self._tools:
            place = self._folder / str(self._rounds) / tool.name.replace(" ", "-")
            place.mkdir(parents=True)
            git(place, "init", "-q", "-b", "main")
            tool.run(place, "init", "-q")
            tool.run(place, "config", "cache.type", _LINKS)
            self.repositories.append(place)
        return self.repositories

    def each(self, *arguments: str) -> None:
        """A command of each tool that is not measured."""
        for tool, place in zip(self._tools, self.repositories, strict=True):
            tool.run(place, *arguments)

    def put_away(self, *names: str) -> None:
        """Take files and folders out of each repository, without removing them; names that are not there are passed over."""
        for place in self.repositories:
            for name in names:
                self._away += 1
                if (place / name).exists():
                    (place / name).rename(place.parent / f"away-{self._away}")

    def forget(self) -> None:
        """Each tool knows nothing of what it saw before: what it keeps aside is put away."""
        self.put_away(".dvc/cache", ".dvc/tmp", *(f"../.{place.name}" for place in self.repositories))

    def step(self, what: str, *arguments: str, times: int = 1) -> None:
        """A command of each tool, measured."""
        taken = self._taken.setdefault(what, [[] for _ in self._tools])
        for _ in range(times):
            sides = list(range(len(self._tools)))
            self._turn += 1
            for side in sides if self._turn % 2 else reversed(sides):
                if self._cold:
                    os.sync()
                taken[side].append(self._tools[side].run(self.repositories[side], *arguments))
        said = ", ".join(
            f"{tool.name} {one[-1].wall:.3g} s ({one[-1].cpu:.3g})"
            for tool, one in zip(self._tools, taken, strict=True)
        )
        print(f"{self._theme}: {what}: {said}", file=sys.stderr, flush=True)

    def rows(self, limits: Mapping[str, float] | None = None) -> list[Figure]:
        """For each step, in the order in which they were done: the medians of wall time and of the processor's.

        Args:
            limits: By step: most seconds of wall time, on a machine that does nothing else.
        """
        found = []
        for what in self._taken:
            ours, theirs = self.medians(what, "wall")
            found.append(
                Figure(self._theme, what, "s", ours, theirs, limit=(limits or {}).get(what), peer="DVC")
            )  # fmt: skip
            ours, theirs = self.medians(what, "cpu")
            found.append(Figure(self._theme, f"{what}, processor", "s", ours, theirs, peer="DVC"))
        return found

    def medians(self, what: str, value: str) -> tuple[float, float | None]:
        """Of an attribute of what a step took: ours and, with two tools, theirs."""
        ours, *theirs = (median(getattr(one, value) for one in side) for side in self._taken[what])
        return ours, (theirs[0] if theirs else None)


def environment(repository: Path) -> Mapping[str, str]:
    """Of both tools: bytecode that was compiled is used, and nothing outside the repository's folder is."""
    aside = repository.parent / f".{repository.name}"
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHONDONTWRITE", "PYTHONPATH", "PYTHONPYCACHE", "DVC_", "GIT_", "TREERING_"))
    }
    return {
        **kept,
        **_GIT,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(aside / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(aside / "global"),
        "DVC_SYSTEM_CONFIG_DIR": str(aside / "system"),
    }


def git(repository: Path, *words: str, given: bytes | None = None) -> str:
    """What a command of Git prints."""
    done = subprocess.run(["git", *words], cwd=repository, env=environment(repository), input=given, stdout=subprocess.PIPE, check=True)  # fmt: skip
    return done.stdout.decode().strip()


def commit(repository: Path) -> None:
    """Commit all that Git does not ignore."""
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "state")


def _bytes_read(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/io").read_text("ascii")
    except OSError:
        return 0
    return int(dict(line.split(": ") for line in text.splitlines()).get("rchar", 0))
