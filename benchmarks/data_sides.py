"""Treering and DVC as command lines on repositories of the same content; each command is a whole process."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import Figure
from sides import DVC, TREERING

__all__ = ["BOTH", "OURS", "Taken", "Tool", "commit", "environment", "new_repository", "rows", "turns"]

_GIT = {
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@example.org",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


@dataclass(frozen=True)
class Taken:
    """What a command took.

    Attributes:
        wall: Seconds.
        cpu: Seconds of the processor, of the process and those that it waited for.
        memory: Most resident bytes of the largest of these processes.
    """

    wall: float
    cpu: float
    memory: int


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
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                said.seek(0)
                words = said.read().decode(errors="replace")[-2000:]
                msg = f"{self.name} {' '.join(arguments)}: exit {process.returncode}: {words}"
                raise RuntimeError(msg)
        return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


OURS = Tool("treering dvc", (TREERING.program, "dvc"))
THEIRS = Tool("dvc", (str(DVC.python.parent / "dvc"),))
BOTH = (OURS, THEIRS)


def environment(repository: Path) -> Mapping[str, str]:
    """Of both tools: bytecode that was compiled is used, and nothing outside the repository's folder is."""
    aside = repository.parent / f".{repository.name}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONDONTWRITE", "DVC_"))}
    return {
        **kept,
        **_GIT,
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(aside / "site"),
        "DVC_GLOBAL_CONFIG_DIR": str(aside / "global"),
        "DVC_SYSTEM_CONFIG_DIR": str(aside / "system"),
    }


def new_repository(folder: Path, tool: Tool) -> Path:
    """An empty repository of Git and of the tool."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=folder, env=environment(folder), check=True)
    tool.run(folder, "init", "-q")
    return folder


def commit(repository: Path) -> None:
    """Commit all that Git does not ignore."""
    for words in (["add", "-A"], ["commit", "-qm", "state"]):
        subprocess.run(["git", *words], cwd=repository, env=environment(repository), check=True)


def turns(
    repositories: Sequence[tuple[Tool, Path]],
    repeats: int,
    *arguments: str,
    between: Callable[[Path], None] | None = None,
) -> list[list[Taken]]:
    """A command on each of the repositories, in turns; `between` is called with a repository before each time."""
    taken: list[list[Taken]] = [[] for _ in repositories]
    for _ in range(repeats):
        for values, (tool, repository) in zip(taken, repositories, strict=True):
            if between is not None:
                between(repository)
            values.append(tool.run(repository, *arguments))
    return taken


def rows(theme: str, what: str, taken: Sequence[Sequence[Taken]], limit: float | None = None) -> list[Figure]:
    """Wall and processor time of both, the medians; the limit is one of wall time on a quiet machine."""
    walls = [_median([one.wall for one in side]) for side in taken]
    cpus = [_median([one.cpu for one in side]) for side in taken]
    return [
        Figure(theme, what, "s", walls[0], walls[1], limit=limit, peer="DVC"),
        Figure(theme, f"{what}, processor", "s", cpus[0], cpus[1], peer="DVC"),
    ]


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
