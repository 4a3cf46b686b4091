"""What a service gets from whoever packed or serves it: models, arguments; and what it notes of its predictions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.core.errors import InvalidInput, NotFound
from treering.serving.hosting import Call
from treering.serving.services.arguments import ARGUMENTS
from treering.serving.services.host import open_host
from treering.serving.services.monitor import Monitor
from treering.serving.services.stored_models import PLACES, STORES, BentoModel

SERVICE = """
from dataclasses import dataclass
import treering

@dataclass
class Settings:
    size: int = 1
    name: str = "x"

args = treering.use_arguments(Settings)

@treering.service
class Packed:
    model = treering.models.BentoModel("iris:latest")

    @treering.api
    def about(self) -> list[str]:
        return [self.model.path_of("weights"), str(self.model), self.model.name, str(args.size + 1), args.name]
"""


@pytest.fixture(autouse=True)
def nothing_given() -> Any:
    yield
    ARGUMENTS.given = {}
    PLACES.folders.clear()


def test_a_packed_service_finds_its_models_and_arguments_where_it_lies(module: Any, tmp_path: Path) -> None:
    folder = module("packed_service", SERVICE)
    models = [{"name": "iris", "version": "3", "folder": "made-up/iris", "uri": "models:/iris/3"}]
    what = {"service": "packed_service:Packed", "folder": str(folder), "session": str(tmp_path / "s"), "version": "v9"}
    host = open_host({**what, "models": models, "arguments": {"size": "4"}})
    try:
        (route,) = host.offer().routes
        assert (route.model, route.version) == ("Packed", "v9")
        (answer,) = host.answer(route, [Call(b"", b"", b"")])
        assert json.loads(answer.body) == ["made-up/iris/weights", "made-up/iris", "iris", "5", "x"]
    finally:
        host.close()


def test_a_model_is_called_in_several_ways() -> None:
    wanted = {"iris": "models:/iris/latest", "iris:3": "models:/iris/3", "iris@best": "models:/iris@best"}
    assert {name: BentoModel(name).uri for name in wanted} == wanted
    assert BentoModel("models:/iris/3").uri == "models:/iris/3"
    with pytest.raises(InvalidInput, match="names no model"):
        _ = BentoModel(":3").uri


def test_a_model_that_is_not_packed_comes_from_the_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_TRACKING_URI", str(tmp_path))
    with pytest.raises(NotFound):
        STORES.load("registry")("models:/nothing/1")


def test_arguments_have_types() -> None:
    @dataclass
    class Settings:
        size: int
        deep: bool = False

    ARGUMENTS.given = {"size": "3", "deep": "true"}
    assert treering.use_arguments(Settings) == Settings(3, deep=True)
    assert treering.use_arguments().size == "3"
    ARGUMENTS.given = {}
    with pytest.raises(InvalidInput, match=r"do not fit: It is required\. Give them with --arg"):
        treering.use_arguments(Settings)


def test_what_a_service_notes_is_written_as_lines(tmp_path: Path) -> None:
    options = {"log_path": str(tmp_path)}
    with treering.monitor("iris", monitor_options=options) as notes:
        notes.log(1.5, name="width", role="feature", data_type="numerical")
        notes.log("setosa", name="class", role="prediction", data_type="categorical")
    with treering.monitor("iris", monitor_options=options) as notes:
        notes.log_batch([1, 2], name="width")
        notes.log_batch(["a", "b"], name="class", role="prediction")
    assert isinstance(notes, Monitor)
    notes.wait()
    (data,), (schema,) = (list((tmp_path / "iris" / kind).iterdir()) for kind in ("data", "schema"))
    rows = [json.loads(line) for line in data.read_text().splitlines()]
    assert [(row["width"], row["class"]) for row in rows] == [(1.5, "setosa"), (1, "a"), (2, "b")]
    assert {one["name"]: one["role"] for one in json.loads(schema.read_text().splitlines()[-1])["columns"]} == {
        "width": "feature",
        "class": "prediction",
    }
