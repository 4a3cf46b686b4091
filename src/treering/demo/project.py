"""The demo's data as a project: one table that is tracked, and a pipeline that splits it.

It lies in the home, in a repository of its own, so that nothing of it gets into one of the user's.
"""

from __future__ import annotations

import os
import sys
from contextlib import chdir
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from sklearn.datasets import load_breast_cancer

from treering.client.connect import connect
from treering.client.context import user_name
from treering.core.errors import NotSupported
from treering.core.settings import Settings
from treering.core.variables import process_variables
from treering.demo.data import TARGET
from treering.pipelines.reproduce import ReproOptions, ReproReport, reproduce
from treering.pipelines.tracked import TrackedRuns, TrackOptions
from treering.versioning.add import add
from treering.versioning.git import GitRepository
from treering.versioning.init import init_repository
from treering.versioning.repository import Repository, find_repository

__all__ = ["EXPERIMENT", "FOLDER", "Project", "make_project"]

FOLDER = "demo"
EXPERIMENT = "breast-cancer data"
_TABLE = "data/tumours.csv"
_FILES = ("dvc.yaml", "params.yaml", "split.py", "describe.py")
_AUTHOR = ("-c", "user.name=Treering demo", "-c", "user.email=demo@example.com", "-c", "commit.gpgsign=false")


@dataclass(frozen=True, slots=True)
class Project:
    """What was made.

    Attributes:
        root: The root of the repository.
        report: What became of the stages.
    """

    root: Path
    report: ReproReport

    @property
    def table(self) -> Path:
        """The table that all comes from."""
        return self.root / _TABLE

    @property
    def split(self) -> Path:
        """The record of how the table was split."""
        return self.root / "data" / "tumours.split.json"

    def part(self, name: str) -> Path:
        """Where the rows of `train`, `validation` or `test` lie."""
        return self.root / "data" / f"tumours.{name}.csv"


def make_project(home: Path) -> Project:
    """Track the table and bring the pipeline up to date; what a former demo did is not done again.

    Raises:
        ReproFailed: If a stage fails; its log is named.
    """
    root = home / FOLDER
    repo = _repository(root)
    for name in _FILES:
        (root / name).write_bytes((files("treering.demo.template") / name).read_bytes())
    (root / _TABLE).parent.mkdir(exist_ok=True)
    _write_table(root / _TABLE)
    with chdir(root):
        add(repo, [_TABLE])
        report = _reproduce(repo, home)
    if repo.git is not None:
        _commit(repo.git)
    return Project(root, report)


def _write_table(file: Path) -> None:
    """Scikit-learn calls a benign tumour 1; here 1 is what is looked for, as every metric takes it."""
    table = load_breast_cancer(as_frame=True).frame
    table[TARGET] = 1 - table.pop("target")
    table.to_csv(file, index=False)


def _repository(root: Path) -> Repository:
    variables = process_variables()
    root.mkdir(parents=True, exist_ok=True)
    if (root / ".dvc").is_dir():
        return find_repository(root, variables)
    try:
        GitRepository(root, variables).run("init", "--quiet")
    except NotSupported:  # without Git there are no versions to look back at, and all else works
        return init_repository(root, variables, no_scm=True)
    return init_repository(root, variables)


def _reproduce(repo: Repository, home: Path) -> ReproReport:
    services = connect(Settings(tracking_uri=str(home)))
    try:
        # The interpreter that runs the demo has what the stages need.
        path = os.pathsep.join((str(Path(sys.executable).parent), repo.environ.get("PATH", "")))
        with TrackedRuns(repo, services.tracking, TrackOptions(EXPERIMENT, user=user_name())) as runs:
            options = ReproOptions(captured=True, environment=lambda stage: {**runs.environment(stage), "PATH": path})
            return reproduce(repo, (), options, runs)
    finally:
        services.close()


def _commit(git: GitRepository) -> None:
    git.run("add", "--all")
    if git.staged():
        git.run(*_AUTHOR, "commit", "--quiet", "--message", "Split the table of tumours")
