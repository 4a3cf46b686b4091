"""Candidate and champion are evaluated by the gate itself, on the data that it is given; near and through a server."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import treering
from server_process import Server
from treering.cli.main import main

LEAST = 120


@pytest.fixture(params=["near", "far"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "near":
        yield str(tmp_path / "home")
        return
    server = Server(["--port", "0"], tmp_path / "server")
    try:
        yield server.wait_ready().url
    finally:
        server.end(signal.SIGTERM)


def gate(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    with pytest.raises(SystemExit) as caught:
        main(["ci", "gate", *arguments, "--json"])
    said = capsys.readouterr()
    assert caught.value.code == status, said.out + said.err
    return json.loads(said.out) if said.out else said.err


def test_both_are_evaluated_on_the_data_that_is_given(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sklearn_linear = pytest.importorskip("sklearn.linear_model")
    pandas = pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TREERING_TRACKING_URI", place)
    treering.set_tracking_uri(place)
    treering.set_experiment("signs")
    treering.objective("Tell the sign.", {"accuracy": ">= 0.8"})
    values = [((number * 37) % 101 - 50) / 50 for number in range(LEAST * 2)]
    table = pandas.DataFrame(
        {
            "x": values,
            "noise": [number * 53 % 89 - 44 for number in range(LEAST * 2)],
            "y": [int(value > 0) for value in values],
        }
    )
    table.to_csv("test.csv", index=False)
    for column in ("noise", "x"):
        model = sklearn_linear.LogisticRegression().fit(
            table[["x", "noise"]] * [column == "x", column == "noise"], table["y"]
        )
        with treering.start_run():
            treering.sklearn.log_model(model, name="model", registered_model_name="signs")
    asked = ("--data", "test.csv", "--targets", "y", "--champion", "models:/signs@champion", "--no-record")
    worse = gate(capsys, "--candidate", "models:/signs/1", *asked, status=1)
    assert worse["checks"][0]["passed"] is False
    treering.Client().set_registered_model_alias("signs", "champion", 1)
    better = gate(capsys, "--candidate", "models:/signs/2", *asked)
    assert better["comparison"]["paired"]
    assert better["comparison"]["rows"] == LEAST * 2
    # What was found is kept: who asks without data gets the same answer.
    again = gate(
        capsys, "--candidate", "models:/signs/2", "--champion", "models:/signs@champion", "--promote", "champion"
    )
    assert again["checks"] == better["checks"]
    assert (again["promotion"]["state"], again["promotion"]["replaces"]) == ("DONE", 1)
