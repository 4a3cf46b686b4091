"""`treering serve`: models together, and what is told when it cannot be."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import urllib3
from click.testing import CliRunner

import treering
from treering.cli.commands.serve import serve
from treering.core.errors import InvalidInput, NotFound
from treering.core.settings import Settings
from treering.models.folder import SaveOptions, save


def constant(number: int) -> Any:
    def answer(rows: Any) -> Any:
        return [number] * len(rows)

    return answer


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "one", tmp_path / "two"]
    for number, folder in enumerate(made, 1):
        save("pyfunc", constant(number), folder, SaveOptions(input_example=[1, 2]))
    return made


def _asked(url: str, path: str = "/invocations", **headers: str) -> tuple[int, dict]:
    answer = urllib3.request(
        "POST", url + path, body='{"inputs": [5, 6]}', headers={"content-type": "application/json", **headers}
    )
    return answer.status, answer.json()


def test_models_are_served_together(folders: list[Path]):
    command = [
        sys.executable, "-m", "treering", "serve", f"m={folders[0]}", f"m={folders[1]}", f"other={folders[0]}",
        "--port", "0", "--trust", "*", "--split", "v1=1", "--split", "v2=0", "--access-log",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split("at ")[1].split("/invocations")[0]
        assert _asked(url) == (200, {"predictions": [1, 1]})
        assert _asked(url, **{"x-treering-variant": "v2"}) == (200, {"predictions": [2, 2]})
        assert _asked(url, "/models/m/versions/2/invocations") == (200, {"predictions": [2, 2]})
        assert _asked(url, "/models/other/invocations") == (200, {"predictions": [1, 1]})
        assert _asked(url, **{"x-treering-variant": "v3"})[0] == 400
        models = urllib3.request("GET", url + "/v2/models").json()["models"]
        assert sorted(set(models)) == ["m", "other"]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        assert [line["status"] for line in lines if line["route"] == "/invocations"] == [200, 200, 400]
        assert {line["variant"] for line in lines if line["status"] == 200 and line["route"] == "/invocations"} == {
            "v1",
            "v2",
        }
    finally:
        process.kill()
        process.communicate()


def test_a_program_serves_while_its_block_runs(folders: list[Path]):
    with treering.serve([folders[0], f"second={folders[1]}"], trust=True, workers=2) as server:
        assert _asked(server.url) == (200, {"predictions": [1, 1]})
        assert _asked(server.url, "/models/second/invocations") == (200, {"predictions": [2, 2]})
    assert server.process.returncode == 0


def test_targets_that_cannot_be_served_are_told(tmp_path: Path, folders: list[Path]):
    def call(*arguments: str) -> None:
        CliRunner().invoke(serve, arguments, obj=Settings(), catch_exceptions=False)

    with pytest.raises(NotFound, match="nothing to serve"):
        call(str(tmp_path / "nothing"))
    with pytest.raises(InvalidInput, match="must all be models"):
        call(str(folders[0]), "service:Shop")
    with pytest.raises(InvalidInput, match="VARIANT=NUMBER"):
        call(str(folders[0]), "--split", "v1")
    assert CliRunner().invoke(serve, []).exit_code == 2


@pytest.mark.parametrize(
    ("split", "said"),
    [("nope=1", "There is no variant 'nope'"), ("other:v1=1", "There is no model 'other'"), ("v1=-1", "v1")],
)
def test_a_split_that_does_not_fit_ends_the_server(folders: list[Path], split: str, said: str):
    command = [
        sys.executable,
        "-m",
        "treering",
        "serve",
        f"m={folders[0]}",
        "-p",
        "0",
        "--trust",
        "*",
        "--split",
        split,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
