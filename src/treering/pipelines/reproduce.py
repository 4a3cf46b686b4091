"""`repro`: brings pipelines up to date, stage by stage, and does only what has to be done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from treering.core.errors import InvalidInput, TreeringError
from treering.pipelines.bring import Bringer
from treering.pipelines.events import Event, Listener, ignore_events
from treering.pipelines.graph import Graph
from treering.pipelines.interrupts import interruptible
from treering.pipelines.manner import CommandFailed, Done, Manner, Prospect, Puller, Surroundings
from treering.pipelines.schedule import Plan, claim_of, follow
from treering.pipelines.stage import Stage
from treering.pipelines.stages import PIPELINE_FILE, StageSet, load_stages
from treering.pipelines.stop import Stop
from treering.pipelines.targets import choose
from treering.versioning.repository import Repository

__all__ = ["ReproFailed", "ReproOptions", "ReproReport", "plan_stages", "reproduce"]


@dataclass(frozen=True, slots=True)
class ReproOptions:
    """What is reproduced, and how; the words are those of the command line.

    Attributes:
        force: Run stages though nothing has changed.
        single_item: Only the targets, not what they need.
        pipeline: The whole pipelines that the targets belong to.
        all_pipelines: Everything there is.
        recursive: A folder means all stages in it.
        glob: Names of targets have wildcards.
        downstream: From the targets on to what needs them.
        force_downstream: Who needs what a stage made runs, though it may be what it was.
        pull: Bring missing data from remotes.
        allow_missing: What is only missing is no reason to run.
        dry: Only tell what would be done.
        keep_going: After a failure, go on with what does not need the stage that failed.
        ignore_errors: After a failure, go on as if nothing had happened.
        commit: Put outputs into the cache.
        run_cache: Take what a run with the same command, dependencies and parameters has made.
        jobs: How many stages run at once.
        resources: How much there is of what stages claim under `meta.treering.resources`.
        captured: Tell what commands print as events, instead of printing it. So it always is with several jobs.
        confirm: Asked before each stage, with a question; no ends the whole.
        environment: More variables for a stage's commands.
        logs: The folder in which logs of stages are kept; the repository's own where none is given.
        puller: Brings data for `pull`.
        stop: Another thread may ask it to end everything.
    """

    force: bool = False
    single_item: bool = False
    pipeline: bool = False
    all_pipelines: bool = False
    recursive: bool = False
    glob: bool = False
    downstream: bool = False
    force_downstream: bool = False
    pull: bool = False
    allow_missing: bool = False
    dry: bool = False
    keep_going: bool = False
    ignore_errors: bool = False
    commit: bool = True
    run_cache: bool = True
    jobs: int = 1
    resources: Mapping[str, float] = field(default_factory=dict)
    captured: bool = False
    confirm: Callable[[str], bool] | None = None
    environment: Callable[[Stage], Mapping[str, str]] = lambda _stage: {}
    logs: Path | None = None
    puller: Puller | None = None
    stop: Stop = field(default_factory=Stop)


@dataclass(frozen=True, slots=True)
class ReproReport:
    """What became of the stages, by address, in the order in which they ended.

    Attributes:
        done: Those that are up to date now.
        failed: Those that are not, and why.
        blocked: Those that were not tried, and the stage that failed before.
        touched: Absolute paths of files for Git that were changed.
    """

    done: Mapping[str, Done]
    failed: Mapping[str, BaseException]
    blocked: Mapping[str, str]
    touched: tuple[str, ...] = ()

    @property
    def reproduced(self) -> list[str]:
        """Those that there was something to do for."""
        return [address for address, done in self.done.items() if done.is_reproduced]

    @property
    def ran(self) -> list[str]:
        """Those whose commands ran."""
        return [address for address, done in self.done.items() if done.how == "ran"]

    @property
    def cached(self) -> list[str]:
        """Those that were restored from the cache."""
        return [address for address, done in self.done.items() if done.how == "cached"]

    @property
    def skipped(self) -> list[str]:
        """Those that there was nothing to do for."""
        return [address for address, done in self.done.items() if not done.is_reproduced]


class ReproFailed(TreeringError):
    """Stages could not be reproduced.

    Attributes:
        report: What became of all stages.
    """

    def __init__(self, message: str, report: ReproReport) -> None:
        super().__init__(message)
        self.report = report


def plan_stages(stages: StageSet, targets: Sequence[str], options: ReproOptions) -> tuple[list[Stage], Graph | None]:
    """The stages that `repro` looks at, in its order, and the graph that it walks; None where it walks none.

    Raises:
        NotFound: If a target is not there.
        InvalidInput: If stages cannot be used, or need each other in a circle.
    """
    chosen: dict[str, Stage] = {}
    if not options.all_pipelines:
        for target in targets or [PIPELINE_FILE]:
            found = choose(stages, target, recursive=options.recursive, glob=options.glob)
            chosen.update((stage.address, stage) for stage in found)
    whole = options.all_pipelines or options.pipeline
    if options.single_item and not whole:
        return list(chosen.values()), None
    graph = stages.active_graph
    if not chosen:
        within = None
    elif options.pipeline:
        within = graph.connected(chosen)
    else:
        within = graph.reached(chosen, downstream=options.downstream and not whole)
    return [stages[address] for address in graph.ordered(within)], graph


def reproduce(
    repo: Repository,
    targets: Sequence[str] = (),
    options: ReproOptions | None = None,
    listener: Listener = ignore_events,
    *,
    base: Path | None = None,
) -> ReproReport:
    """Bring pipelines up to date.

    After an interruption, calling it again goes on where it stopped: what was locked is not done again.

    Args:
        repo: The repository.
        targets: Stages, groups, files with stages, outputs; ./dvc.yaml where none are given.
        options: How.
        listener: Told what happens.
        base: Where the user stands; the root of the repository where nothing is given.

    Raises:
        ReproFailed: If a stage could not be reproduced; not with `ignore_errors`.
        NotFound: If a target is not there.
        InvalidInput: If stages cannot be used.
        KeyboardInterrupt: After Ctrl-C, when all commands have ended.
    """
    options = options or ReproOptions()
    if options.jobs < 1:
        msg = f"The number of jobs is at least 1, not {options.jobs}."
        raise InvalidInput(msg)
    stages = load_stages(repo, base=base)
    # One who is asked, or only told, is asked and told in order.
    jobs = 1 if options.dry or options.confirm else options.jobs
    run = _Run(stages, options, listener, jobs)
    if jobs > 1:
        run.plan(targets)
        return run.follow()
    with repo.lock():
        run.plan(targets)
        return run.follow()


class _Run:
    """One call of `reproduce`."""

    def __init__(self, stages: StageSet, options: ReproOptions, listener: Listener, jobs: int) -> None:
        self._stages = stages
        self._options = options
        self._listener = listener
        self._jobs = jobs
        surroundings = Surroundings(options.environment, options.captured or jobs > 1, options.stop, options.logs)
        manner = Manner(
            options.allow_missing,
            options.dry,
            options.commit,
            options.run_cache,
            options.confirm,
            options.puller if options.pull else None,
        )
        self._bringer = Bringer(stages, manner, surroundings, listener)
        self._plan: dict[str, Stage] = {}
        self._graph: Graph | None = None
        self._began: dict[str, float] = {}
        self._done: dict[str, Done] = {}
        self._failed: dict[str, BaseException] = {}
        self._blocked: dict[str, str] = {}
        # Stages that run whether or not something has changed.
        self._forced: set[str] = set()

    def plan(self, targets: Sequence[str]) -> None:
        """Find out what there is to do."""
        with self._stages.repo.lock():
            found, self._graph = plan_stages(self._stages, targets, self._options)
            self._plan = {stage.address: stage for stage in found}
            self._forced = set(self._plan) if self._options.force else set()
            self._bringer.prospect = Prospect(self._fresh(), self._outputs())
            if self._options.pull and self._options.puller is not None and self._options.run_cache:
                self._options.puller.runs()

    def _fresh(self) -> dict[str, list[str]]:
        """The stages of each dvc.yaml that are not locked yet, in the order of the plan."""
        fresh: dict[str, list[str]] = {}
        for stage in self._plan.values():
            if stage.name and stage.locked is None:
                fresh.setdefault(str(stage.file), []).append(stage.name)
        return fresh

    def _outputs(self) -> tuple[str, ...]:
        return tuple(stage.path_of(out.path) for stage in self._plan.values() for out in stage.outs if out.cache)

    def follow(self) -> ReproReport:
        """Do it."""
        needs = self._graph.upstream if self._graph is not None else {}
        claims = (
            {address: claim_of(address, stage.meta) for address, stage in self._plan.items()} if self._jobs > 1 else {}
        )
        plan = Plan(list(self._plan), needs, claims, self._options.resources, self._jobs)
        with interruptible():
            follow(plan, self._work, self._settled, self._options.stop)
        self._stages.repo.index.save()
        report = ReproReport(self._done, self._failed, self._blocked, tuple(self._bringer.touched))
        if self._failed and not self._options.ignore_errors:
            raise _failure(report) from next(iter(self._failed.values()))
        return report

    def _work(self, address: str) -> Done | None:
        if address in self._blocked:
            return None
        stage = self._plan[address]
        upstream = [self._stages[other] for other in self._graph.upstream[address]] if self._graph is not None else []
        self._began[address] = time.monotonic()
        return self._bringer.bring(stage, force=address in self._forced, upstream=upstream)

    def _settled(self, address: str, result: Done | BaseException | None) -> bool:
        stage = self._plan[address]
        if isinstance(result, Done):
            self._done[address] = result
            if self._options.force_downstream and self._graph and (result.is_reproduced or address in self._forced):
                self._forced.update(self._graph.downstream[address])
            return True
        if isinstance(result, BaseException):
            return self._has_failed(stage, result)
        self._listener(Event("blocked", stage, self._blocked[address]))
        return True

    def _has_failed(self, stage: Stage, error: BaseException) -> bool:
        self._failed[stage.address] = error
        status, log = (error.exit_code, error.log) if isinstance(error, CommandFailed) else (0, None)
        seconds = time.monotonic() - self._began[stage.address]
        self._listener(Event("failed", stage, error=error, status=status, log=log, seconds=seconds))
        if self._options.stop.asked:
            return False
        if self._options.keep_going and self._graph is not None and not self._options.ignore_errors:
            others = self._graph.reached([stage.address], downstream=True) - {stage.address}
            self._blocked |= {
                other: stage.address for other in self._plan if other in others and other not in self._blocked
            }
        return self._options.keep_going or self._options.ignore_errors


def _failure(report: ReproReport) -> ReproFailed:
    names = [f"'{address}'" for address in report.failed]
    if len(names) == 1:
        return ReproFailed(f"failed to reproduce {names[0]}: {next(iter(report.failed.values()))}", report)
    return ReproFailed(f"failed to reproduce stages: {', '.join(names)}", report)
