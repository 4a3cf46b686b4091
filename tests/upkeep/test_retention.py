from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server_process import Server
from treering.assembly import Services, open_services
from treering.client.connect import connect
from treering.core.clock import now
from treering.core.errors import InvalidInput
from treering.core.settings import Settings
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, RunStatus
from treering.entities.metric import MetricColumns
from treering.entities.run import PARENT_RUN_TAG, LogBatch, ModelOutput, NewRun
from treering.registry.base import NewModelVersion
from treering.tracking.base import NewLoggedModel
from treering.upkeep.retention import BEST_TAG, KEEP_TAG, RETENTION_TAG, Rule, expire, judge, read_rule

A_DAY = 86_400_000


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(Settings(), tmp_path / "home")
    yield opened
    opened.close()


def experiment(services: Services, name: str = "x", **tags: str) -> str:
    named = {"retention": RETENTION_TAG, "best": BEST_TAG}
    return services.tracking.experiments.create(
        name, tags={named[key]: value for key, value in tags.items()}
    ).experiment_id


def run(services: Services, where: str, days: float, loss: float | None = None, **tags: str) -> str:
    """A run that ended so many days ago."""
    runs = services.tracking.runs
    ended = now() - int(days * A_DAY)
    named = {key.replace("__", "."): value for key, value in tags.items()}
    run_id = runs.create(NewRun(where, start_time=ended - 1000, tags=named)).info.run_id
    if loss is not None:
        runs.log([LogBatch(run_id, series={"loss": MetricColumns([0], [ended], [loss])})])
    runs.update(run_id, RunStatus.FINISHED, ended)
    return run_id


def fates(services: Services, *experiment_ids: str) -> dict[str, str]:
    verdict = judge(services, experiment_ids)
    assert verdict.problems == []
    return {one.run_id: one.kept for one in verdict.runs}


@pytest.mark.parametrize(
    ("tags", "rule"),
    [
        ({}, None),
        ({RETENTION_TAG: " "}, None),
        ({RETENTION_TAG: "90d"}, Rule(90 * A_DAY)),
        ({RETENTION_TAG: "2w12h", BEST_TAG: "metrics.loss ASC"}, Rule(14 * A_DAY + A_DAY // 2, 1, "metrics.loss ASC")),
        ({RETENTION_TAG: "1d", BEST_TAG: "3 metrics.`a b` DESC"}, Rule(A_DAY, 3, "metrics.`a b` DESC")),
    ],
)
def test_rules_are_read(tags: dict[str, str], rule: Rule | None) -> None:
    assert read_rule(tags) == rule


@pytest.mark.parametrize("tags", [{RETENTION_TAG: "ninety days"}, {RETENTION_TAG: "90"}, {BEST_TAG: "metrics.loss"}])
def test_what_is_no_rule_is_refused(tags: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        read_rule(tags)


def test_without_a_rule_all_stay(services: Services) -> None:
    run(services, experiment(services), 10_000)
    assert fates(services) == {}


def test_what_is_older_goes_and_what_is_younger_or_runs_still_stays(services: Services) -> None:
    where = experiment(services, retention="30d")
    old = run(services, where, 31)
    run(services, where, 29)
    services.tracking.runs.create(NewRun(where, start_time=1000))
    resumed = run(services, where, 40)
    services.tracking.runs.update(resumed, RunStatus.RUNNING)
    assert fates(services) == {old: ""}
    assert expire(services, judge(services)) == ([old], [])
    assert services.tracking.runs.get(old).info.lifecycle_stage is Lifecycle.DELETED
    assert fates(services) == {}
    services.tracking.runs.restore(old)
    assert fates(services) == {old: ""}


def test_a_tag_keeps_a_run(services: Services) -> None:
    where = experiment(services, retention="1d")
    kept = run(services, where, 2, treering__keep="for the paper")
    gone = run(services, where, 2, treering__keep="false")
    assert fates(services) == {kept: f"it has the tag {KEEP_TAG}", gone: ""}
    assert expire(services, judge(services)) == ([gone], [])


def test_the_best_stay(services: Services) -> None:
    where = experiment(services, retention="1d", best="2 metrics.loss ASC")
    worst, second, best = (run(services, where, 2, loss) for loss in (0.9, 0.2, 0.1))
    none = run(services, where, 2)
    assert fates(services) == {worst: "", second: "it is one of the best", best: "it is one of the best", none: ""}


def test_a_young_run_may_be_the_best(services: Services) -> None:
    where = experiment(services, retention="1d", best="metrics.loss DESC")
    old = run(services, where, 2, 0.5)
    run(services, where, 0, 0.9)
    assert fates(services) == {old: ""}


def test_what_a_version_comes_from_stays(services: Services) -> None:
    where = experiment(services, retention="1d")
    named, files, wrote, gone = (run(services, where, 2) for _ in range(4))
    runs = services.tracking.runs
    model = services.tracking.models.create(NewLoggedModel(where, "m", source_run_id=wrote))
    services.tracking.models.finalize(model.model_id, LoggedModelStatus.READY)
    runs.log([LogBatch(wrote, model_outputs=[ModelOutput(model.model_id)])])
    services.registry.models.create("kept")
    place = runs.get(files).info.artifact_uri
    for source, run_id in (("s3://b/x", named), (f"{place}/m", files), (f"models:/{model.model_id}", "")):
        services.registry.versions.create(NewModelVersion("kept", source, run_id))
    found = fates(services)
    assert {run_id for run_id, kept in found.items() if "registered model kept" in kept} == {named, files, wrote}
    assert found[gone] == ""
    assert expire(services, judge(services)) == ([gone], [])


def test_a_parent_stays_for_its_children_however_deep(services: Services) -> None:
    where = experiment(services, retention="1d")

    def child(parent: str, days: float) -> str:
        return run(services, where, days, **{PARENT_RUN_TAG: parent})

    top = run(services, where, 5)
    middle = child(top, 4)
    leaf = child(middle, 0)
    sibling = child(top, 4)
    alone = run(services, where, 5)
    old_child = child(alone, 5)
    nested = "a run that is nested in it is kept"
    assert fates(services) == {top: nested, middle: nested, sibling: "", alone: "", old_child: ""}
    assert leaf not in fates(services)


def test_a_circle_of_parents_ends(services: Services) -> None:
    where = experiment(services, retention="1d")
    one = run(services, where, 0)
    two = run(services, where, 2, **{PARENT_RUN_TAG: one})
    services.tracking.runs.log([LogBatch(one, tags={PARENT_RUN_TAG: two})])
    assert fates(services) == {two: "a run that is nested in it is kept"}


def test_a_bad_rule_keeps_all_and_does_not_hinder_others(services: Services) -> None:
    good = experiment(services, "good", retention="1d")
    gone = run(services, good, 2)
    for name, tags in {
        "age": {"retention": "soon"},
        "best": {"retention": "1d", "best": "3 nonsense.of ASC"},
        "alone": {"best": "metrics.loss ASC"},
    }.items():
        run(services, experiment(services, name, **tags), 2)
    verdict = judge(services)
    assert [one.run_id for one in verdict.runs] == [gone]
    assert sorted(problem.split("'")[1] for problem in verdict.problems) == ["age", "alone", "best"]


def test_only_some_experiments(services: Services) -> None:
    one, two = (experiment(services, name, retention="1d") for name in "ab")
    run(services, one, 2)
    gone = run(services, two, 2)
    assert fates(services, two) == {gone: ""}


def test_many_runs(services: Services) -> None:
    where = experiment(services, retention="1d")
    for _ in range(1100):
        run(services, where, 2)
    assert len(fates(services)) == 1100


def test_the_same_through_a_server(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    server = Server(["--port", "0"], tmp_path / "home").wait_ready()
    request.addfinalizer(lambda: server.end(15))
    far: Any = connect(Settings(tracking_uri=server.url))
    close: Callable[[], None] = far.close
    request.addfinalizer(close)
    where = experiment(far, retention="1d", best="metrics.loss ASC")
    best, gone = (run(far, where, 2, loss) for loss in (0.1, 0.2))
    assert fates(far) == {best: "it is one of the best", gone: ""}
    assert expire(far, judge(far)) == ([gone], [])
    assert far.tracking.runs.get(gone).info.lifecycle_stage is Lifecycle.DELETED
