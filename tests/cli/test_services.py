from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import treering
from treering.cli.served_service import prepare
from treering.serving.front.embedding import running
from treering.serving.front.options import ServingOptions
from treering.serving.services.targets import workers_said

SHOP = """
import os
import treering

@treering.service(workers=2)
class Inner:
    @treering.api
    def process(self) -> int:
        return os.getpid()

@treering.service(workers="cpu_count" if False else 1)
class Outer:
    inner = treering.depends(Inner)

    @treering.api
    def processes(self, n: int = 1) -> list[int]:
        return [os.getpid(), self.inner.process()]
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop_of_cli.py").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def treering_(*arguments: str) -> str:
    command = [sys.executable, "-m", "treering", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_services_methods_are_shown_and_a_client_is_written(shop: Path) -> None:
    assert "processes  /processes  n: integer?  list of integer" in treering_("services", "show", "shop_of_cli")
    assert json.loads(treering_("services", "show", "shop_of_cli:Inner", "--json"))["name"] == "Inner"
    assert "Wrote" in treering_("services", "client", "shop_of_cli:Outer", "-o", "client.py", "--name", "Called")
    compile((shop / "client.py").read_text(), "client.py", "exec")
    with treering.serve("shop_of_cli:Inner") as server:
        assert "class InnerClient(treering.SyncHTTPClient)" in treering_("services", "client", server.url)


def test_workers_are_read_from_the_text_of_a_service(shop: Path) -> None:
    assert workers_said("shop_of_cli:Inner", shop) == 2
    assert workers_said("shop_of_cli.py:Inner", shop) == 2
    assert workers_said("shop_of_cli", shop) == 1
    assert workers_said("nowhere:Inner", shop) == 1
    (shop / "service.py").write_text("from bentoml import service\n@service(workers=3)\nclass A: ...\n")
    assert workers_said(".", shop) == 3
    (shop / "service.py").write_text("no python (")
    assert workers_said(".", shop) == 1


@pytest.mark.usefixtures("shop")
def test_what_a_service_depends_on_is_served_apart() -> None:
    with ExitStack() as stack:
        prepared = prepare("shop_of_cli:Outer", stack, separate=True)
        assert list(prepared.what["elsewhere"]) == ["Inner"]
        server = stack.enter_context(running(ServingOptions("service", prepared.what)))
        with treering.SyncHTTPClient(server.url) as client:
            found = {tuple(client.processes()) for _ in range(3)}
        assert all(outer != inner for outer, inner in found)


@pytest.mark.usefixtures("shop")
def test_what_cannot_be_imported_is_told_before_anything_is_served() -> None:
    command = [sys.executable, "-m", "treering", "serve", "shop_of_cli:Nope", "--separate", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no service 'Nope'. Services there: Inner, Outer" in done.stderr
