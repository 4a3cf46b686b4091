"""A bundle as a host: its models answer from its folder, into which nothing is written, and a changed one is not served."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from treering.bundles.build import ModelSource, Plan, build
from treering.bundles.samples import Sample
from treering.bundles.store import BundleStore
from treering.bundles.verify import Checks, verify
from treering.client.bundles.hosted import ask_service
from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.models.folder import SaveOptions, save
from treering.serving.hosting import HOSTS, Call, Host

ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.0, 0.0], "b": [1.0, 0.0, 0.0, 2.0]})
BODY = b'{"dataframe_split": {"columns": ["a", "b"], "data": [[0, 1], [2, 0]]}}'


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    made = LogisticRegression().fit(ROWS, np.array([0, 1, 1, 0]))
    save("sklearn", made, tmp_path / "churn", SaveOptions(input_example=ROWS))
    store = BundleStore(tmp_path / "bundles")
    plan = Plan(
        "churn", [ModelSource("churn", tmp_path / "churn", version="3")], lock=False, compile="never",
        variables={"TREERING_TEST_OF_BUNDLES": "1"},
    )  # fmt: skip
    return store.find(build(store, plan).reference)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Host]:
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    monkeypatch.setenv("TREERING_TEST_OF_BUNDLES", "of the user")
    monkeypatch.setattr(sys, "path", list(sys.path))
    return lambda folder, **more: HOSTS.load("bundle")({"bundle": str(folder), **more})


def answers(host: Host, body: bytes) -> Any:
    route = next(one for one in host.offer().routes if one.path.endswith("invocations"))
    answer = host.answer(route, [Call(b"1", b"application/json", body)])[0]
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_the_models_of_a_bundle_answer(bundle: Path, opened: Callable[..., Host]) -> None:
    host = opened(bundle)
    route = host.offer().routes[0]
    assert (route.model, route.version) == ("churn", "3")
    assert answers(host, BODY) == {"predictions": [0, 1]}
    assert json.loads(host.offer().openapi)["openapi"].startswith("3.1")


def test_what_the_user_has_set_stays_and_the_rest_is_set(bundle: Path, tmp_path: Path) -> None:
    program = (
        "import os, sys; from treering.serving.hosting import HOSTS;"
        f"HOSTS.load('bundle')({{'bundle': {str(bundle)!r}}}); print(os.environ['TREERING_TEST_OF_BUNDLES'])"
    )
    for given, wanted in (({}, "1"), ({"TREERING_TEST_OF_BUNDLES": "of the user"}, "of the user")):
        said = subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, **given}, cwd=tmp_path,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout.strip() == wanted


def test_a_changed_bundle_is_not_served(bundle: Path, opened: Callable[..., Host]) -> None:
    path = bundle / "models/churn/model.skops"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    for how in ("auto", "contents"):
        with pytest.raises(DamagedData, match="not what its manifest says"):
            opened(bundle, check=how)


def test_a_file_that_came_later_is_seen_by_its_name(bundle: Path, opened: Callable[..., Host]) -> None:
    (bundle / "models").chmod(0o755)
    (bundle / "models/more").write_text("x")
    with pytest.raises(DamagedData, match="not of this bundle"):
        opened(bundle, check="sizes")


def test_no_bundle_and_no_way_to_check_are_said(bundle: Path, tmp_path: Path, opened: Callable[..., Host]) -> None:
    with pytest.raises(NotFound, match="is no bundle"):
        opened(tmp_path)
    with pytest.raises(InvalidInput, match="'never'"):
        opened(bundle, check="never")


def test_a_host_of_a_bundle_loads_neither_stores_nor_what_builds_bundles(bundle: Path) -> None:
    program = (
        "import sys; from treering.serving.hosting import HOSTS;"
        f"HOSTS.load('bundle')({{'bundle': {str(bundle)!r}}}).offer(); print(' '.join(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    strange = {"sqlalchemy", "treering.storage", "treering.tracking", "treering.environments", "treering.bundles.build"}
    assert not strange & set(said)
    assert not {"sklearn", "pandas"} & set(said)
    assert not list(bundle.rglob("__pycache__"))


SERVICE = """\
import treering


@treering.service
class Adder:
    @treering.api
    def add(self, a: int, b: int = 1) -> int:
        return a + b
"""


def test_the_service_of_a_bundle_answers_from_its_code_and_its_samples_are_asked(
    tmp_path: Path, opened: Callable[..., Host]
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/bundled_adder.py").write_text(SERVICE)
    store = BundleStore(tmp_path / "bundles")
    samples = [Sample({"a": 2}, 3, path="/add"), Sample({"a": 2}, 4, path="/add"), Sample({}, 1, path="/gone")]
    plan = Plan("adder", service="bundled_adder:Adder", code=tmp_path / "code", lock=False, samples=samples)
    folder = store.find(build(store, plan).reference)
    host = opened(folder)
    route = next(one for one in host.offer().routes if one.path == "/add")
    assert host.answer(route, [Call(b"1", b"application/json", b'{"a": 1, "b": 41}')])[0].body == b"42"
    host.close()
    report = verify(folder, Checks(ask=ask_service))
    assert report.asked == 1
    assert report.wrong == (
        "/add: $ is 3, and should be 4",
        "a sample request is for /gone, where nothing answers",
    )
    assert not list(folder.rglob("__pycache__"))
