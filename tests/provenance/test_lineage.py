"""Lineage of what was logged as users do it, near and through a real server, by Python and by the command."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from server_process import Server
from treering.assembly import Services
from treering.cli.main import main
from treering.client.connect import connect
from treering.core.errors import InvalidInput, NotFound
from treering.core.settings import Settings
from treering.entities.dataset import CONTEXT_TAG, OUTPUT_CONTEXT, Dataset, DatasetInput
from treering.entities.lifecycle import LoggedModelStatus, RunStatus
from treering.entities.lineage import Graph, Node
from treering.entities.run import PARENT_RUN_TAG, LogBatch, ModelInput, ModelOutput, NewRun
from treering.registry.base import NewModelVersion
from treering.tracking.base import NewLoggedModel

_RAW = Dataset("raw", "d0", "local", "{}")
_DATA = Dataset("raw/wine", "d1", "local", "s3://x", "", '{"num_rows": 5}')


@dataclass(frozen=True)
class Life:
    """A dataset, a sweep, its run, the model, two versions, and a run that judged the model."""

    services: Services
    sweep: str
    run: str
    model: str
    judge: str

    def uri(self, name: str) -> str:
        return f"models:/{self.model}" if name == "model" else f"runs:/{getattr(self, name)}"


def lived(services: Services) -> Life:
    runs, registry = services.tracking.runs, services.registry
    sweep = runs.create(NewRun("0", run_name="sweep", start_time=1000)).info.run_id
    run = runs.create(NewRun("0", run_name="amber-fox", start_time=2000, tags={PARENT_RUN_TAG: sweep})).info.run_id
    model = services.tracking.models.create(NewLoggedModel("0", "forest", source_run_id=run)).model_id
    services.tracking.models.finalize(model, LoggedModelStatus.READY)
    read = DatasetInput(_DATA, {CONTEXT_TAG: "train"})
    runs.log([LogBatch(run, dataset_inputs=[read], model_outputs=[ModelOutput(model)])])
    runs.update(run, RunStatus.FINISHED, 3000)
    judge = runs.create(NewRun("0", run_name="judge", start_time=4000)).info.run_id
    runs.log([LogBatch(judge, model_inputs=[ModelInput(model)])])
    registry.models.create("wine")
    registry.versions.create(NewModelVersion("wine", f"models:/{model}", run, model_id=model))
    registry.versions.create(NewModelVersion("wine", "models:/wine/1"))
    registry.models.set_alias("wine", "champion", 1)
    return Life(services, sweep, run, model, judge)


@pytest.fixture(
    scope="module",
    params=[
        "memory",
        "sqlite",
        "far",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ],
)
def life(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("life")
    places = {"memory": "memory://", "sqlite": f"sqlite:///{folder / 'x.db'}"}
    with ExitStack() as stack:
        if request.param == "far":
            server = Server(["--port", "0"], folder / "home").wait_ready()
            stack.callback(server.end, signal.SIGTERM)
            places["far"] = server.url
        uri = places.get(request.param) or request.getfixturevalue(f"new_{request.param}")()
        services = connect(Settings(tracking_uri=uri), folder)
        stack.callback(services.close)
        yield lived(services)


def edges(graph: Graph) -> set[tuple[str, str, str]]:
    labels = {node.id: node.label for node in graph.nodes}
    return {(labels[edge.source], edge.kind, labels[edge.target]) for edge in graph.edges}


def at(graph: Graph, uri: str) -> Node:
    return next(node for node in graph.nodes if node.id == uri)


_WAY_UP = {("raw/wine", "input", "amber-fox"), ("sweep", "child", "amber-fox"), ("amber-fox", "output", "forest")}


def test_a_version_leads_back_to_its_data(life: Life) -> None:
    graph = life.services.lineage.get("models:/wine@champion", 5, 0)
    assert graph.root == "models:/wine/1"
    assert edges(graph) == {*_WAY_UP, ("forest", "registered", "wine v1")}
    assert {(edge.kind, edge.detail) for edge in graph.edges if edge.detail} == {("input", "train")}
    root = at(graph, "models:/wine/1")
    assert (root.kind, root.detail, root.state, root.more_down) == ("model_version", "@champion", "ready", 1)
    run = at(graph, life.uri("run"))
    assert (run.kind, run.state, run.at, run.more_up) == ("run", "finished", 2000, 0)


def test_data_leads_to_what_was_made_of_it(life: Life) -> None:
    graph = life.services.lineage.get("datasets:/raw/wine/d1", 3, 9)
    assert edges(graph) == {
        ("raw/wine", "input", "amber-fox"),
        ("amber-fox", "output", "forest"),
        ("forest", "input", "judge"),
        ("forest", "registered", "wine v1"),
        ("wine v1", "registered", "wine v2"),
    }
    assert (graph.nodes[0].kind, graph.nodes[0].label, graph.nodes[0].detail) == ("dataset", "raw/wine", "d1")
    assert at(graph, life.uri("run")).more_up == 1  # the sweep


def test_data_that_a_run_made_leads_from_it_to_those_who_read_it(life: Life) -> None:
    runs = life.services.tracking.runs
    ready = Dataset("ready", "d2", "local", "{}")
    made, read = (runs.create(NewRun("0", run_name=name)).info.run_id for name in ("prepare", "train"))
    runs.log(
        [
            LogBatch(made, dataset_inputs=[DatasetInput(_RAW), DatasetInput(ready, {CONTEXT_TAG: OUTPUT_CONTEXT})]),
            LogBatch(read, dataset_inputs=[DatasetInput(ready)]),
        ]
    )
    way = {("raw", "input", "prepare"), ("prepare", "output", "ready"), ("ready", "input", "train")}
    assert edges(life.services.lineage.get("datasets:/raw/d0", 0, 5)) == way
    assert edges(life.services.lineage.get(f"runs:/{read}", 5, 0)) == way
    middle = life.services.lineage.get("datasets:/ready/d2", 1, 1)
    assert edges(middle) == way - {("raw", "input", "prepare")}
    assert at(middle, f"runs:/{made}").more_up == 1


@pytest.mark.parametrize("name", ["run", "model", "judge", "sweep"])
def test_each_kind_of_thing_can_be_asked_about(life: Life, name: str) -> None:
    graph = life.services.lineage.get(life.uri(name))
    assert graph.root == life.uri(name) == graph.nodes[0].id
    assert graph.edges
    assert not graph.truncated


def test_a_deleted_run_is_still_where_a_model_came_of(life: Life) -> None:
    life.services.tracking.runs.delete(life.run)
    try:
        graph = life.services.lineage.get(life.uri("model"), 9, 0)
        assert edges(graph) == _WAY_UP
        assert at(graph, life.uri("run")).state == "deleted"
        assert life.services.lineage.get("datasets:/raw/wine/d1").edges == []
    finally:
        life.services.tracking.runs.restore(life.run)


def test_depth_and_limit_are_kept(life: Life) -> None:
    graph = life.services.lineage.get(life.uri("model"), 0, 0)
    assert [(node.id, node.more_up, node.more_down) for node in graph.nodes] == [(life.uri("model"), 1, 2)]
    for numbers in ((-1, 3, 10), (3, 21, 10), (3, 3, 0), (3, 3, 101)):
        with pytest.raises(InvalidInput, match="Give a number from"):
            life.services.lineage.get(life.uri("model"), *numbers)


def test_what_is_not_there_is_not_found(life: Life) -> None:
    for uri in (
        "runs:/" + "f" * 32,
        "models:/m-" + "f" * 32,
        "models:/wine/9",
        "models:/wine@nobody",
        "models:/beer/1",
        "datasets:/raw/wine/d9",
    ):
        with pytest.raises(NotFound):
            life.services.lineage.get(uri)
    for uri in ("", "wine", "models:/", "datasets:/wine", "runs:/", "s3://bucket/x"):
        with pytest.raises(InvalidInput):
            life.services.lineage.get(uri)


def test_a_stage_and_latest_stand_for_a_version(life: Life) -> None:
    life.services.registry.versions.transition("wine", 1, "Production")
    assert life.services.lineage.get("models:/wine/Production", 0, 0).root == "models:/wine/1"
    assert life.services.lineage.get("models:/wine/latest", 0, 0).root == "models:/wine/2"
    assert life.services.lineage.get("models:/wine/1", 0, 0).nodes[0].detail == "@champion, Production"


def test_the_command_prints_a_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uri = f"sqlite:///{tmp_path / 'x.db'}"
    monkeypatch.setenv("TREERING_TRACKING_URI", uri)
    services = connect(Settings(tracking_uri=uri))
    made = lived(services)
    services.close()

    def printed(*arguments: str, status: int = 0) -> str:
        with pytest.raises(SystemExit) as caught:
            main(["lineage", *arguments])
        said = capsys.readouterr()
        assert caught.value.code == status, said.err
        return said.out + said.err

    assert printed("models:/wine@champion", "--limit", "1").splitlines() == [
        "version wine v1 (@champion, ready)  models:/wine/1",
        "",
        "Came of",
        f"  registered from: logged model forest (ready)  models:/{made.model}",
        f"    written by: run amber-fox (finished)  runs:/{made.run}",
        "      read (train): dataset raw/wine (d1)  datasets:/raw/wine/d1",
        f"      within: run sweep (running)  runs:/{made.sweep}",
        "",
        "What came of it",
        "  registered as: version wine v2 (ready)  models:/wine/2",
    ]
    assert "nothing that is known" in printed("models:/wine/2", "--up", "0")
    found = json.loads(printed(f"runs:/{made.run}", "--json", "--down", "0"))
    assert (found["root"], found["truncated"], len(found["nodes"])) == (f"runs:/{made.run}", False, 3)
    assert "Check the id" in printed("runs:/" + "0" * 32, status=1)
    assert "--up" in printed("models:/wine/1", "--up", "21", status=2)
