"""`treering serve` with real models: canaries, and what is kept, from the command line to the file."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
from click.testing import CliRunner

import treering
from treering.cli.commands.serve import serve
from treering.core.errors import InvalidInput
from treering.core.settings import Settings
from treering.models.folder import SaveOptions, save

DEADLINE = 90.0


def good(rows: Any) -> Any:
    return [1] * len(rows)


def bad(rows: Any) -> Any:
    msg = f"not with {len(rows)} rows"
    raise ValueError(msg)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    made = tmp_path_factory.mktemp("models")
    for name, function in (("good", good), ("also", good), ("bad", bad)):
        # The example is not tried out: one of them cannot answer it.
        save("pyfunc", function, made / name, SaveOptions())
    return {path.name: path for path in made.iterdir()}


@contextmanager
def served(*arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", "treering", "serve", *arguments, "--port", "0", "--trust", "*"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split("at ")[1].split("/invocations")[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode in {0, -15}


def call(method: str, url: str, body: Any = None, **headers: str) -> Any:
    return urllib3.request(
        method, url, body=None if body is None else json.dumps(body), retries=False, timeout=30.0,
        headers={"content-type": "application/json", **headers},
    )  # fmt: skip


@pytest.mark.parametrize(("second", "ends"), [("bad", "canary_rolled_back"), ("also", "canary_promoted")])
def test_a_canary_of_a_real_model_ends_by_itself(
    folders: Mapping[str, Path], tmp_path: Path, second: str, ends: str
) -> None:
    kept = tmp_path / "kept"
    with served(f"m={folders['good']}", f"m={folders[second]}", "--predictions", str(kept)) as url:
        plan = {"variant": "v2", "steps": [30, 100], "seconds": 2, "requests": 20, "latency": None}
        assert call("POST", f"{url}/traffic/m/canary", plan).status == 200
        statuses: Counter[int] = Counter()
        end = time.monotonic() + DEADLINE
        history: list[Any] = []
        while time.monotonic() < end and (not history or history[-1]["kind"] != ends):
            for _ in range(50):
                statuses[call("POST", f"{url}/invocations", {"inputs": [1, 2]}).status] += 1
            history = call("GET", f"{url}/traffic/m").json()["history"]
        assert history[-1]["kind"] == ends
        answered = {
            call("POST", f"{url}/invocations", {"inputs": [1, 2]}).headers["x-treering-variant"] for _ in range(9)
        }
    asked = sum(statuses.values()) + 9
    assert answered == ({"v1"} if second == "bad" else {"v2"})
    assert (set(statuses) == {200}) is (second != "bad")
    # The server has ended, so that all is written: every request, with the variant that answered it.
    log = list(treering.predictions.read(kept))
    assert len(log) == asked
    assert len({one.request_id for one in log}) == asked
    assert Counter(one.status for one in log)[200] == statuses[200] + 9
    assert {one.variant for one in log} == {"v1", "v2"}
    assert not list(kept.glob("*/*.part"))


def test_what_is_wrong_with_the_log_is_told_before_anything_starts(folders: Mapping[str, Path], tmp_path: Path) -> None:
    def start(*arguments: str) -> None:
        given = [str(folders["good"]), "--predictions", str(tmp_path / "kept"), *arguments]
        CliRunner().invoke(serve, given, obj=Settings(), catch_exceptions=False)

    with pytest.raises(InvalidInput, match=r"Write FIELD=RULE"):
        start("--predictions-rule", "email")
    with pytest.raises(InvalidInput, match=r"'hide' for 'email' is not known"):
        start("--predictions-rule", "email=hide")
    assert CliRunner().invoke(serve, [str(folders["good"]), "--predictions-sample", "2"], obj=Settings()).exit_code == 2
    with pytest.raises(InvalidInput, match=r"'hide'"):
        CliRunner().invoke(
            serve, [str(folders["good"])], catch_exceptions=False,
            obj=Settings(predictions=str(tmp_path / "kept"), predictions_rules="a=drop, b=hide"),
        )  # fmt: skip
    assert not (tmp_path / "kept").exists()
