"""A repository of data and pipelines as a person looks at it: what it tracks, its versions, stages and experiments.

All paths are relative to the root of the repository, with `/`; times are in milliseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "DataDiff",
    "DataVersion",
    "ExperimentColumn",
    "ExperimentRow",
    "ExperimentTable",
    "FileChange",
    "FileList",
    "ParamUse",
    "PathUse",
    "PipelineView",
    "RepositoryInfo",
    "RepositoryRemote",
    "StageEdge",
    "StageLogText",
    "StageView",
    "Tracked",
    "TrackedFile",
    "TrackedList",
    "VersionList",
]

PathState = Literal["", "new", "modified", "deleted", "not in cache"]
"""How what lies at a path differs from what is tracked: "" where it does not, or where that was not asked."""

OutputKind = Literal["data", "output", "metric", "plot", "import"]

StageState = Literal["unchanged", "changed", "never run", "frozen", "always", "running", "failed"]

ExperimentKind = Literal["workspace", "commit", "experiment", "queued", "running", "failed"]


@dataclass(frozen=True, slots=True)
class RepositoryRemote:
    """A place that objects are sent to.

    Attributes:
        url: Without anything secret; of a folder of the server's own, only its name behind `…/`.
    """

    name: str
    url: str
    default: bool = False


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """The repository that the server shows.

    Attributes:
        found: Whether there is one.
        name: What it is called; that of its folder.
        path_hint: The name of its folder; never an absolute path.
        revision: The commit that is checked out; "" without one.
        branch: That is checked out; "" if none is.
        changed: Whether files that Git tracks differ from that commit.
        remotes: Where objects are sent to.
        reason: Why none is shown, and how to begin; or what of it cannot be read.
    """

    found: bool
    name: str = ""
    path_hint: str = ""
    revision: str = ""
    branch: str = ""
    changed: bool = False
    remotes: Sequence[RepositoryRemote] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tracked:
    """Something that the repository tracks.

    Attributes:
        source: Who tells of it: `data/raw.csv.dvc`, or `dvc.yaml:train`.
        oid: Its content; "" while nothing is known of it.
        size: Bytes of all files; None where it is not known.
        files: How many, for a folder; None where it is not known.
        remote: The only remote that it goes to; "" where it goes to the default one.
        imported_from: `url@rev`, without anything secret; "" for what was not imported.
        dataset: The URI of the dataset as which runs recorded this content, `datasets:/<name>/<digest>`; "" if none did.
        runs: How many runs did.
    """

    path: str
    source: str
    kind: OutputKind
    oid: str
    size: int | None
    files: int | None
    state: PathState
    is_dir: bool
    remote: str = ""
    desc: str = ""
    type: str = ""
    labels: Sequence[str] = ()
    imported_from: str = ""
    dataset: str = ""
    runs: int = 0


@dataclass(frozen=True, slots=True)
class TrackedList:
    """All that the repository tracks, sorted by path.

    Attributes:
        truncated: Whether some were left out because there are so many.
        problems: Why some cannot be told, such as the mistake in a dvc.yaml.
    """

    outputs: Sequence[Tracked]
    truncated: bool = False
    problems: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class DataVersion:
    """A content that a path had in Git's history.

    Attributes:
        oid: The content; "" where the path was taken out.
        revision: The commit that brought it.
        message: Its first line.
        branches: Whose tip has this content; `tags` likewise.
        dataset: As `Tracked.dataset`; `runs` likewise.
        current: Whether it is what the pointer or lock file says now.
    """

    oid: str
    size: int | None
    files: int | None
    revision: str
    author: str
    message: str
    at: int
    branches: Sequence[str] = ()
    tags: Sequence[str] = ()
    dataset: str = ""
    runs: int = 0
    current: bool = False


@dataclass(frozen=True, slots=True)
class VersionList:
    """The versions of a path, the newest first.

    Attributes:
        truncated: Whether there are older ones.
    """

    versions: Sequence[DataVersion]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class TrackedFile:
    """A file or folder in a tracked folder, or a tracked file itself.

    Attributes:
        path: Relative to the root of the repository.
        size: In bytes; None for a folder, and where it is not known because the object is not in the cache.
        oid: Its MD5; "" for a folder.
    """

    path: str
    is_dir: bool
    size: int | None
    oid: str


@dataclass(frozen=True, slots=True)
class FileList:
    """A page of what lies in a folder, folders first.

    Attributes:
        total: How many there are in all.
        next: What to give as `start` for the next page; "" at the end.
    """

    files: Sequence[TrackedFile]
    total: int
    next: str = ""


@dataclass(frozen=True, slots=True)
class FileChange:
    """What became of a file.

    Attributes:
        path: Where it is now, or was before it was deleted.
        old_path: Where it was, if it was renamed; else "".
        size_before: In bytes; None where it is not known or there was none; `size_after` likewise.
    """

    path: str
    old_path: str = ""
    size_before: int | None = None
    size_after: int | None = None


@dataclass(frozen=True, slots=True)
class DataDiff:
    """How a path differs between two revisions, or a revision and the working tree; each sorted by path.

    Attributes:
        counts: How many of each there are, by its name, also where not all are listed; and `unchanged`.
        truncated: Whether some were left out.
    """

    added: Sequence[FileChange]
    deleted: Sequence[FileChange]
    modified: Sequence[FileChange]
    renamed: Sequence[FileChange]
    counts: Mapping[str, int]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class PathUse:
    """A path that a stage reads or writes.

    Attributes:
        oid: The content that is locked; "" where nothing is.
        made_by: The address of the stage or pointer that makes it, or in whose output it lies; "" for what Git keeps.
        kind: For an output what it is; "" for a dependency.
    """

    path: str
    oid: str
    size: int | None
    state: PathState
    made_by: str = ""
    kind: OutputKind | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class ParamUse:
    """A parameter that a stage takes.

    Attributes:
        key: With dots; "" for the whole file.
        value: As it is now, as text; "" where there is none.
        state: How it differs from what is locked.
    """

    file: str
    key: str
    value: str
    state: PathState = ""


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage of a pipeline.

    Attributes:
        address: Its one name, as commands take it: `train`, `sub/dvc.yaml:train`.
        name: In its file.
        file: The dvc.yaml that it stands in.
        wdir: The folder that its commands run in; `.` is the root.
        reasons: Why it would run, in words.
        last_run: When its newest kept log began; None where there is none.
        duration: How long that run took, in seconds; None where it is not known or still runs.
        run_id: The newest run that tracked it; "" for none.
        has_log: Whether there is a log of what it printed.
    """

    address: str
    name: str
    file: str
    wdir: str
    cmd: Sequence[str]
    deps: Sequence[PathUse]
    outs: Sequence[PathUse]
    params: Sequence[ParamUse]
    state: StageState
    reasons: Sequence[str] = ()
    frozen: bool = False
    desc: str = ""
    last_run: int | None = None
    duration: float | None = None
    run_id: str = ""
    has_log: bool = False


@dataclass(frozen=True, slots=True)
class StageEdge:
    """`target` needs what `source` makes; both are addresses of stages.

    Attributes:
        paths: Which of the outputs.
    """

    source: str
    target: str
    paths: Sequence[str]


@dataclass(frozen=True, slots=True)
class PipelineView:
    """All stages, in the order in which they would run.

    Attributes:
        problem: Why some of it cannot be told, such as the mistake in a dvc.yaml; "" for none.
    """

    stages: Sequence[StageView]
    edges: Sequence[StageEdge]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StageLogText:
    """A part of what a stage printed when it ran last.

    Attributes:
        start: Where in the log the text begins, in bytes; greater than what was asked for where the beginning is left out.
        end: Where it ends: what to give as `start` to go on.
        running: Whether more may come.
        log: Which log it is; another one when the stage ran again, from whose beginning it is then to be read.
    """

    text: str
    start: int
    end: int
    running: bool
    log: str = ""


@dataclass(frozen=True, slots=True)
class ExperimentColumn:
    """A metric or parameter of the table.

    Attributes:
        path: The file that it stands in.
        key: With dots; "" where the file is one value.
        label: The key, with the file before it where two files have it.
    """

    path: str
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """The working tree, a commit, or an experiment on one.

    Attributes:
        name: A branch, tag or the experiment's own; "" for none.
        rev: The commit; "" for the working tree.
        baseline: The commit that the experiment began at; "" for the working tree and baselines.
        metrics: Values by file and key, laid flat; `params` likewise.
        run_id: The newest run that tracked it; "" for none.
        executor: Who runs it; "" for nobody.
        problem: Why there are no values; "" where there are.
    """

    name: str
    rev: str
    baseline: str
    kind: ExperimentKind
    at: int | None = None
    author: str = ""
    message: str = ""
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    run_id: str = ""
    executor: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ExperimentTable:
    """Experiments, each behind its baseline, the working tree first.

    Attributes:
        truncated: Whether older commits with experiments were left out.
    """

    revisions: Sequence[ExperimentRow]
    metric_columns: Sequence[ExperimentColumn]
    param_columns: Sequence[ExperimentColumn]
    truncated: bool = False
