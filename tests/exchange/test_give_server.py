from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange.alike import by_mark, content_of
from exchange.furnished import furnish
from server_process import Server
from treering.assembly import Services, open_services
from treering.cli.main import main
from treering.core.settings import Settings
from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch
from treering.exchange.bring import Wishes, bring
from treering.exchange.mlflow.opening import open_mlflow, open_target
from treering.exchange.own import OwnSource
from treering.exchange.report import Report


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server that speaks MLflow's protocol: Treering's own."""
    server = Server(["--port", "0"], tmp_path / "server")
    try:
        yield server.wait_ready().url
    finally:
        server.end(signal.SIGTERM)


def given(services: Services, url: str, wishes: Wishes | None = None) -> Report:
    report = Report()
    open_target(url, Settings())(OwnSource(services), wishes or Wishes(), report)
    return report


def test_all_arrives_and_a_second_time_adds_only_what_is_new(
    services: Services, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("treering.exchange.mlflow.server._PAGE", 2)
    run_id = furnish(services)
    first = given(services, url)
    assert first.problems == []
    assert first.verified == first.points.brought == first.points.found
    services.tracking.runs.log(
        [LogBatch(run_id, {"new": "p"}, {"colour": "blue"}, {"loss": MetricColumns([7], [9], [8.0])})]
    )
    second, third = given(services, url), given(services, url)
    assert [one.brought for one in second.rows().values()] == [0, 0, 1, 0, 0, 0, 0]
    assert [one.brought for one in third.rows().values()] == [0] * 7
    assert (second.problems, third.problems) == ([], [])
    back = open_services(Settings(), tmp_path / "back")
    report = Report()
    bring(open_mlflow(url, Settings()), back, Wishes(), report)
    assert report.problems == []
    found, mine = by_mark(content_of(back)), by_mark(content_of(services))
    back.close()
    assert found.keys() == mine.keys()
    for name, one in mine.items():
        for key in one if isinstance(one, dict) else range(len(one)):
            assert found[name][key] == one[key], f"{name} {key}"


def test_what_the_server_has_otherwise_is_a_difference(
    services: Services, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = furnish(services)
    given(services, url, Wishes(["trees"], artifacts=False))
    far = open_mlflow(url, Settings())
    (there,) = [
        one.run.info.run_id
        for experiment in far.experiments()
        for one in far.runs(experiment.experiment_id)
        if one.run.info.run_name == "still at it"
    ]
    far.close()
    channel = open_mlflow(url, Settings())._channel  # type: ignore[attr-defined]
    channel.send_json(
        "POST", "/api/2.0/mlflow/runs/log-parameter", {"run_id": there, "key": "depth", "value": "4"}, repeatable=True
    )
    channel.close()
    (mine,) = [
        one.run.info.run_id
        for one in OwnSource(services).runs(services.tracking.runs.get(run_id).info.experiment_id)
        if one.run.info.run_name == "still at it"
    ]
    services.tracking.runs.log([LogBatch(mine, {"depth": "3"})])
    monkeypatch.setenv("TREERING_TRACKING_URI", str(tmp_path / "home"))
    with pytest.raises(SystemExit) as caught:
        main(["export", "mlflow", url, "--experiment", "trees", "--no-artifacts", "--json"])
    assert caught.value.code == 1
    assert json.loads(capsys.readouterr().out)["problems"] == [f"run {mine}: params differ: depth"]
