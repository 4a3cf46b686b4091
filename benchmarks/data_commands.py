"""What DVC's users wait for all day, beside DVC: start-up, a pipeline, experiments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from data_sides import Race, commit, git
from figures import Figure

__all__ = ["commands", "experiments", "pipeline"]

_STARTS = 0.12
_COMMANDS = (
    *("root", "--help", "status", "add --help", "data status", "checkout", "push", "pull"),
    *("exp list", "exp show", "queue status"),
)
_STAGES = 20
_STAGE = (
    "stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py]\n    params: [a]\n"
    "    metrics:\n    - m.json:\n        cache: false\n"
)
_TRAIN = "import json\njson.dump({'score': 0.1}, open('m.json', 'w'))\n"


def commands(folder: Path, *, quick: bool) -> list[Figure]:
    """What does nearly nothing, in a repository without data: what is measured is how long each tool takes to start."""
    race = Race("data-commands", folder)
    for repository in race.fresh():
        (repository.parent / f"{repository.name}-remote").mkdir()
        (repository / "dvc.yaml").write_text("stages:\n  one:\n    cmd: 'true'\n", "utf-8")
    for tool_folder in race.repositories:
        race_remote = f"../../{tool_folder.name}-remote"
        (tool_folder / ".dvc" / "config").write_text(
            f"[core]\n    remote = local\n['remote \"local\"']\n    url = {race_remote}\n", "utf-8"
        )
        commit(tool_folder)
    limits = {}
    for words in _COMMANDS:
        what = f"dvc {words}, nothing to do"
        limits[what] = _STARTS
        race.each(*words.split())
        race.step(what, *words.split(), times=5 if quick else 15)
    return race.rows(limits)


def pipeline(folder: Path, *, quick: bool) -> list[Figure]:
    """A chain of 20 stages that copy: nothing to do, and everything to do."""
    race = Race("data-pipeline", folder)
    stages = "".join(
        f"  s{at}:\n    cmd: cp {at}.txt {at + 1}.txt\n    deps:\n    - {at}.txt\n    outs:\n    - {at + 1}.txt\n"
        for at in range(_STAGES)
    )
    for repository in race.fresh():
        (repository / "dvc.yaml").write_text(f"stages:\n{stages}", "utf-8")
    idle, busy = f"repro of {_STAGES} stages, nothing to do", f"repro of {_STAGES} stages, all to run"
    for turn in range(1 if quick else 3):
        for repository in race.repositories:
            (repository / "0.txt").write_text(f"{turn}\n", "utf-8")
        race.step(busy, "repro", "-q")
        race.step(idle, "repro", "-q", times=3 if quick else 5)
        race.step(f"status of {_STAGES} stages", "status", "-q", times=3 if quick else 5)
    return race.rows({idle: 0.15})


def experiments(folder: Path, *, quick: bool) -> list[Figure]:
    """One experiment of one stage that takes no time, and the table of many experiments, for the first time and again."""
    race = Race("data-experiments", folder)
    for repository in race.fresh():
        (repository / "params.yaml").write_text("a: 0\n", "utf-8")
        (repository / "train.py").write_text(_TRAIN, "utf-8")
        (repository / "dvc.yaml").write_text(_STAGE, "utf-8")
    race.each("repro", "-q")
    for repository in race.repositories:
        commit(repository)
    for turn in range(1, 3 if quick else 6):
        race.step("exp run of one stage", "exp", "run", "-q", "-S", f"a={turn}")
    count = 50 if quick else 500
    many = f"{count} experiments"
    for _ in range(1 if quick else 3):
        for repository in race.fresh():
            (repository / "params.yaml").write_text("a: 0\n", "utf-8")
            (repository / "train.py").write_text(_TRAIN, "utf-8")
            (repository / "dvc.yaml").write_text(_STAGE, "utf-8")
        race.each("repro", "-q")
        for repository in race.repositories:
            commit(repository)
            _put_experiments(repository, count)
        race.step(f"exp show of {many}, first time", "exp", "show", "--json")
        race.step(f"exp show of {many}, again", "exp", "show", "--json", times=3)
        race.step(f"exp list of {many}", "exp", "list", times=3)
    return race.rows()


def _put_experiments(repository: Path, count: int) -> None:
    """Experiments as both tools leave them: a commit on the baseline, named by a reference."""
    baseline = git(repository, "rev-parse", "HEAD")
    lock = git(repository, "show", "HEAD:dvc.lock")
    git(repository, "fast-import", "--quiet", given="".join(_experiments(baseline, lock, count)).encode())


def _experiments(baseline: str, lock: str, count: int) -> Iterator[str]:
    for number in range(1, count + 1):
        ref = f"refs/exps/{baseline[:2]}/{baseline[2:]}/exp-{number:04}"
        said = f"dvc: commit experiment {number:064x}"
        yield f"commit {ref}\ncommitter bench <bench@example.org> {1_700_000_000 + number} +0000\n"
        yield f"data {len(said)}\n{said}\nfrom {baseline}\n"
        score = json.dumps({"score": number / 7})
        for name, text in (
            ("params.yaml", f"a: {number}\n"),
            ("m.json", score),
            ("dvc.lock", lock.replace("a: 0", f"a: {number}") + "\n"),
        ):
            yield f"M 100644 inline {name}\ndata {len(text)}\n{text}\n"
