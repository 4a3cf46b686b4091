"""Models as a host: what it offers, what it answers, and how its models come and go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.serving.hosting import HOSTS, Call, Route
from treering.serving.models.host import open_host
from treering.serving.models.paths import unversioned, versioned

ROWS = [[0.0, 1.0], [1.0, 0.0]]
TRUSTING = {"allow_code": True, "quiet": True}


def given(*models: tuple[str, str, Path]) -> dict[str, Any]:
    named = [{"name": name, "version": version, "folder": str(folder)} for name, version, folder in models]
    return {"models": named, "loading": TRUSTING}


def test_it_is_the_host_of_models():
    assert HOSTS.load("models") is open_host


def test_every_version_answers_at_its_own_paths(folders: Path):
    host = open_host(
        given(("a b", "1", folders / "array"), ("a b", "2", folders / "array"), ("t", "", folders / "table"))
    )
    offer = host.offer()
    paths = {route.path for route in offer.routes}
    assert {"/models/a%20b/versions/1/invocations", "/models/t/versions/1/invocations"} <= paths
    assert {route.lane for route in offer.routes} == set(offer.lanes) == {"a%20b/1", "a%20b/2", "t/1"}
    assert {(one["name"], one["version"]) for one in offer.models} == {("a b", "1"), ("a b", "2"), ("t", "1")}
    for route in offer.routes:
        if route.path.endswith("/invocations"):
            answer = host.answer(route, [Call(b"1", b"application/json", json.dumps({"instances": ROWS}).encode())])[0]
            assert json.loads(answer.body) == {"predictions": [0, 1]}, route


def test_the_front_knows_the_paths_without_a_version():
    assert unversioned("a/b", first=True)["/invocations"] == "invocations"
    assert unversioned("a/b") == {
        "/models/a%2Fb/invocations": "invocations",
        "/v1/models/a%2Fb:predict": "predict",
        "/v2/models/a%2Fb/infer": "infer",
    }
    assert versioned("infer", "a/b", "3") == "/v2/models/a%2Fb/versions/3/infer"


def test_models_come_and_go_while_it_runs(folders: Path):
    host = open_host(given(("m", "1", folders / "array")))
    host.change({"load": {"name": "m", "version": "2", "folder": str(folders / "table")}})
    assert {one["version"] for one in host.offer().models} == {"1", "2"}
    with pytest.raises(AlreadyExists, match="Unload it first"):
        host.change({"load": {"name": "m", "version": "2", "folder": str(folders / "table")}})
    host.change({"unload": {"name": "m", "version": "1"}})
    assert {one["version"] for one in host.offer().models} == {"2"}
    gone = Route("POST", versioned("invocations", "m", "1"), "m/1")
    assert host.answer(gone, [Call(b"1", b"", b"{}")])[0].status == 404
    with pytest.raises(NotFound, match="no model 'm' with version 1"):
        host.change({"unload": {"name": "m", "version": "1"}})
    host.change({"unload": {"name": "m"}})
    assert host.offer().routes == ()


def test_a_model_that_cannot_be_loaded_changes_nothing(folders: Path, tmp_path: Path):
    host = open_host(given(("m", "1", folders / "array")))
    before = host.offer().routes
    with pytest.raises(NotFound, match="MLmodel"):
        host.change({"load": {"name": "n", "folder": str(tmp_path)}})
    assert host.offer().routes == before


@pytest.mark.parametrize(
    ("order", "message"),
    [({"explode": {}}, "'load' and 'unload'"), ({"load": {"name": "x"}}, "'folder'"), ({"load": {"folder": "x"}}, "'name'")],
)  # fmt: skip
def test_orders_that_make_no_sense_are_refused(folders: Path, order: Any, message: str):
    with pytest.raises(InvalidInput, match=message):
        open_host(given(("m", "1", folders / "array"))).change(order)


def test_unknown_options_for_loading_are_refused():
    with pytest.raises(InvalidInput, match="'allow_everything'"):
        open_host({"models": [], "loading": {"allow_everything": True}})


def test_a_model_is_described_by_its_tensors(folders: Path):
    offer = open_host(given(("m", "1", folders / "array"), ("t", "7", folders / "echo"))).offer()
    array, echo = offer.models
    assert array["platform"] == "treering_sklearn"
    assert array["inputs"] == [{"name": "input-0", "datatype": "FP64", "shape": [-1, 2]}]
    assert array["outputs"] == [{"name": "output-0", "datatype": "INT64", "shape": [-1]}]
    assert (echo["name"], echo["version"]) == ("t", "7")
    assert {one["name"]: one["datatype"] for one in echo["inputs"]} == {
        "n": "INT64", "x": "FP64", "text": "BYTES", "day": "BYTES",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["stream", "file"])
def test_tables_of_arrow(asker: Any, folders: Path, form: str):
    import pyarrow as pa  # noqa: PLC0415 -- heavy

    table = pa.table({"b": [1.0, 0.0], "a": [0.0, 1.0]})
    sink = pa.BufferOutputStream()
    with getattr(pa.ipc, f"new_{form}")(sink, table.schema) as writer:
        writer.write_table(table)
    body = sink.getvalue().to_pybytes()
    for name in ("table", "array"):
        answer = asker(folders / name).post(body, f"application/vnd.apache.arrow.{form}")
        assert answer.status == 200, answer.body
    answer = asker(folders / "table").post(body, f"application/vnd.apache.arrow.{form}")
    assert json.loads(answer.body) == {"predictions": [0, 1]}
    for wrong in (body[:-20], body[:40], b"", b"ARROW1\0\0noise", b"\xff\xff\xff\xff\xff\xff\xff\x7f"):
        answer = asker(folders / "table").post(wrong, f"application/vnd.apache.arrow.{form}")
        assert answer.status in {200, 400}, answer.body  # a stream may end without its end
        assert b"unexpected" not in answer.body
    assert asker(folders / "table").post(b"noise", f"application/vnd.apache.arrow.{form}").status == 400
