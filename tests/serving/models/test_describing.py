"""The OpenAPI document and the page to try models: they say what is so."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treering.models.folder import SaveOptions, save
from treering.serving.hosting import Call
from treering.serving.models.host import open_host

TRUSTING = {"allow_code": True, "quiet": True}


def opened(*models: tuple[str, str, Path]) -> Any:
    named = [{"name": name, "version": version, "folder": str(folder)} for name, version, folder in models]
    return open_host({"models": named, "loading": TRUSTING})


def fits(value: Any, shape: Any) -> bool:  # noqa: PLR0911 -- one case a keyword
    """Whether a value is of a JSON schema, as far as our documents use schemas."""
    kinds = {
        "array": list, "boolean": bool, "integer": int, "null": type(None), "number": (int, float), "object": dict, "string": str,
    }  # fmt: skip
    if "const" in shape and value != shape["const"]:
        return False
    if "enum" in shape and value not in shape["enum"]:
        return False
    if "oneOf" in shape and sum(fits(value, one) for one in shape["oneOf"]) != 1:
        return False
    if "anyOf" in shape and not any(fits(value, one) for one in shape["anyOf"]):
        return False
    if "type" in shape:
        names = shape["type"] if isinstance(shape["type"], list) else [shape["type"]]
        if not any(
            isinstance(value, kinds[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names
        ):
            return False
    if isinstance(value, list):
        first = shape.get("prefixItems", [])
        items = all(map(fits, value, first)) and all(fits(one, shape.get("items", {})) for one in value[len(first) :])
        return items and shape.get("minItems", 0) <= len(value) <= shape.get("maxItems", len(value))
    if isinstance(value, dict):
        known = shape.get("properties", {})
        more = shape.get("additionalProperties", {})
        others = [name for name in value if name not in known]
        return (
            all(name in value for name in shape.get("required", ()))
            and all(fits(value[name], one) for name, one in known.items() if name in value)
            and (not others if more is False else all(fits(value[name], more) for name in others))
        )
    return shape.get("minimum", value) <= value <= shape.get("maximum", value) if isinstance(value, int) else True


@pytest.mark.parametrize("name", ["array", "table", "plain_echo", "echo", "bare"])
def test_examples_fit_their_schemas_and_are_answered_as_described(folders: Path, name: str):
    host = opened((name, "1", folders / name))
    document = json.loads(host.offer().openapi)
    routes = {route.path: route for route in host.offer().routes}
    tried = 0
    for path, methods in document["paths"].items():
        if "post" not in methods:
            continue
        told = methods["post"]
        content = told["requestBody"]["content"]["application/json"]
        kind = told["operationId"].partition("_")[0]
        if "example" not in content:
            assert name == "bare", path
            continue
        assert fits(content["example"], content["schema"]), (path, content)
        tails = {"invocations": "/invocations", "infer": "/infer", "predict": ":predict"}
        route = next(one for one in routes.values() if one.path.endswith(tails[kind]))
        answer = host.answer(route, [Call(b"1", b"application/json", json.dumps(content["example"]).encode())])[0]
        assert answer.status == 200, (path, answer.body)
        shape = told["responses"]["200"]["content"]["application/json"]["schema"]
        if name != "echo":  # which answers with its parameters, and not as its signature says
            assert fits(json.loads(answer.body), shape), (path, answer.body)
        tried += 1
    assert tried == (0 if name == "bare" else 4)


def test_every_version_and_every_path_of_the_front_is_there(folders: Path):
    document = json.loads(opened(("m", "1", folders / "array"), ("m", "2", folders / "array"), ("t", "1", folders / "table")).offer().openapi)  # fmt: skip
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) >= {
        "/invocations", "/models/m/invocations", "/v2/models/m/infer", "/v1/models/m:predict", "/v2/models/m/versions/2/infer",
        "/v2/models/t/infer", "/v2/models/t", "/v2/models/t/ready", "/ping", "/health", "/version", "/metrics", "/ready", "/v2",
    }  # fmt: skip
    ids = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))


def test_names_of_anything_make_a_sound_document(folders: Path):
    document = json.loads(opened(('a/b "c"', "1", folders / "array")).offer().openapi)
    assert "/v2/models/a%2Fb%20%22c%22/infer" in document["paths"]


def test_a_large_example_is_left_out(tmp_path: Path):
    rows = np.arange(40_000.0).reshape(-1, 2)
    save("pyfunc", lambda rows: rows, tmp_path / "m", SaveOptions(input_example=rows, pip_requirements=["numpy"]))
    assert len(opened(("m", "1", tmp_path / "m")).offer().openapi) < 40_000


def test_the_page_runs_nothing_but_its_own_script(folders: Path):
    kind, body = opened(("m", "1", folders / "array")).offer().documents["/docs"]
    text = body.decode()
    assert kind.startswith("text/html")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert not re.search(r"https?://|innerHTML|eval\(", text)


def test_sagemaker_is_told_how_to_batch(folders: Path):
    kind, body = opened(("m", "1", folders / "array")).offer().documents["/execution-parameters"]
    assert kind == "application/json"
    assert set(json.loads(body)) == {"BatchStrategy", "MaxConcurrentTransforms", "MaxPayloadInMB"}
