"""Captures for one run, in a thread of its own; what it finds is kept for the runs that follow in this process.

treering.capture         the folder: runs:/<run id>/treering, and after a change treering/2, treering/3 ...
  environment.json       packages, Python, platform, hardware, command, and what git says
  source.diff            how tracked files differ from the commit; only if they do
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from time import time_ns
from typing import TYPE_CHECKING, Any

from treering.client.belated import is_belated
from treering.client.capture.environment import command, look_at_environment
from treering.client.capture.source import Asked, Source, answer, ask
from treering.client.context import commit_around, git_marker, source_folder
from treering.client.shelter import ShelteredStore
from treering.entities.run import PARENT_RUN_TAG

if TYPE_CHECKING:
    from pathlib import Path

    from treering.client.runs import ActiveRun

__all__ = ["CAPTURE_TAG", "DIGEST_TAG", "Question", "ask_for", "keep", "look"]

CAPTURE_TAG = "treering.capture"
DIGEST_TAG = "treering.capture.digest"
_FOLDER = "treering"
_OWN = "treering."
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class _Found:
    """What was captured, and the digest of all in it that a change of makes another capture."""

    environment: dict[str, Any]
    source: Source | None
    digest: str


@dataclass(frozen=True, slots=True)
class Question:
    """What git was asked when a run began; with None, what `key` found before holds."""

    key: tuple[Path, str, bool]
    asked: Asked | None


class _Process:
    """What this process has captured; a forked child inherits it. No lock is needed: what is found twice is the same."""

    found: dict[tuple[Path, str, bool], _Found] = {}  # noqa: RUF012  # shared on purpose
    filed: dict[str, tuple[str, str]] = {}  # noqa: RUF012  # as above: folder and digest by run


def ask_for(run: ActiveRun) -> Question:
    """Ask git in the background, if another commit is checked out than at the last time or a notebook runs."""
    settings = run.place.settings
    whole = settings.capture == "all"
    folder = source_folder()
    key = (folder, commit_around(folder), whole)
    # A script ran what was there when it was loaded; in a notebook, files are edited and loaded again.
    known = key in _Process.found and "ipykernel" not in sys.modules
    if known or git_marker(folder) is None:
        return Question(key, None)
    return Question(key, ask(folder, settings.capture_max_bytes, with_diff=whole))


def look(run: ActiveRun, question: Question) -> _Found:
    """What holds for the run; waits for git."""
    found = _Process.found.get(question.key)
    if found is None or question.asked is not None:
        with run.place.loading():
            environment = _environment()
        source = None if question.asked is None else answer(question.asked)
        found = _Process.found[question.key] = _Found(environment, source, _digest(environment, source))
    return found


def keep(run: ActiveRun, found: _Found, *, resumed: bool) -> None:
    """Write it to the run, unless the run has the same already. Raises TreeringError."""
    whole = run.place.settings.capture == "all"
    run_id = run.info.run_id
    tags = run.data.tags if resumed else {}
    before, digest = _Process.filed.get(run_id, (tags.get(CAPTURE_TAG, ""), tags.get(DIGEST_TAG, "")))
    # What a resumed run was captured with before cannot be asked for without its server.
    if (digest == found.digest and (before or not whole)) or (
        resumed and not digest and is_belated(run.info.artifact_uri)
    ):
        return
    folder = _parents(run, found)
    if not folder and whole:
        folder = _next(run_id, before)
        # A request holds no lock that a child would miss, and may take long.
        with run.place.forkless() if run.place.target.is_here else nullcontext():
            _write(run, found, folder.removeprefix(f"runs:/{run_id}/"))
    # What MLflow knows is told as MLflow does: when a run begins, and not over what the caller has said.
    told = {key: value for key, value in _tags(found).items() if key not in run.data.tags or key.startswith(_OWN)}
    told |= {DIGEST_TAG: found.digest, CAPTURE_TAG: folder} if folder else {DIGEST_TAG: found.digest}
    run.recorder.tags(run_id, told)
    _Process.filed[run_id] = (folder, found.digest)


def _parents(run: ActiveRun, found: _Found) -> str:
    """The folder of the parent, if this process captured the same for it."""
    folder, digest = _Process.filed.get(run.data.tags.get(PARENT_RUN_TAG, ""), ("", ""))
    return folder if digest == found.digest else ""


def _write(run: ActiveRun, found: _Found, folder: str) -> None:
    settings = run.place.settings
    described = {
        "format": 1,
        "captured": time_ns() // _MILLION,
        **command(settings.notebook_name),
        **found.environment,
        "source": _described(found.source),
    }
    files = [(f"{folder}/environment.json", json.dumps(described, indent=1, ensure_ascii=False).encode())]
    if found.source is not None and found.source.diff:
        files.append((f"{folder}/source.diff", _closed(found.source, settings.capture_max_bytes)))
    ShelteredStore(run.place, run.info.run_id, run.info.artifact_uri).write_many(files)


@cache
def _environment() -> dict[str, Any]:
    return look_at_environment()


def _digest(environment: dict[str, Any], source: Source | None) -> str:
    told = None if source is None else [source.commit, source.branch, source.remote, source.changed]
    text = json.dumps([environment, told], sort_keys=True).encode()
    return sha256(text + b"\0" + (b"" if source is None else source.diff)).hexdigest()[:32]


def _described(source: Source | None) -> dict[str, Any] | None:
    if source is None:
        return None
    described = {key: value for key, value in asdict(source).items() if key not in {"diff", "cut"}}
    size = {"file": "source.diff", "bytes": len(source.diff), "cut": source.cut}
    return {**described, "dirty": source.is_dirty, "diff": size if source.diff else None}


def _closed(source: Source, most_bytes: int) -> bytes:
    """The diff; one that was cut ends with a whole line and says so."""
    if not source.cut:
        return source.diff
    whole = source.diff.rpartition(b"\n")[0]
    return whole + f"\n[cut here: longer than TREERING_CAPTURE_MAX_BYTES={most_bytes}]\n".encode()


def _tags(found: _Found) -> dict[str, str]:
    environment, source = found.environment, found.source
    tags = {
        "treering.environment.python": environment["python"]["version"],
        "treering.environment.platform": environment["platform"]["description"],
        "treering.environment.cpu": environment["hardware"]["cpu"],
        "treering.environment.gpu": ", ".join(gpu["name"] for gpu in environment["hardware"]["gpus"]),
    }
    if source is not None:
        tags |= {
            "mlflow.source.git.commit": source.commit,
            "mlflow.source.git.branch": source.branch,
            "mlflow.source.git.repoURL": source.remote,
            "mlflow.source.git.dirty": "true" if source.is_dirty else "false",
        }
    return {key: value for key, value in tags.items() if value}


def _next(run_id: str, before: str) -> str:
    """The folder after `before`, which is of this run or "" or of its parent."""
    root = f"runs:/{run_id}/{_FOLDER}"
    if not before.startswith(root):
        return root
    number = before.removeprefix(root).strip("/")
    return f"{root}/{int(number) + 1 if number.isdigit() else 2}"
