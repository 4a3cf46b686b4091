"""Ray Serve, on a dashboard in memory: applications of others stay, ours come and go."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from treering.core.errors import Conflict, InvalidInput, Unavailable
from treering.deployments.base import AT_ONCE, Request, Surroundings, Wanted
from treering.deployments.targets.ray import RayTarget, open_target
from treering.entities.deployment import Deployment, DeploymentState, Release
from treering.testing.deployments import TargetSuite, Trial

ONE = Release("models:/iris/1", "iris", "1", variant="v1")
TWO = Release("models:/iris/2", "iris", "2", variant="v2")


class Cluster(ThreadingHTTPServer):
    """A dashboard, and the proxy of Serve at the same port."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.applications: dict[str, dict[str, Any]] = {}
        self.by_hand: set[str] = set()

    @property
    def config(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.server_address[1]}"
        return {"dashboard": url, "address": url}


class _Handler(BaseHTTPRequestHandler):
    server: Cluster

    def do_GET(self) -> None:
        found = {
            name: {
                "status": "RUNNING", "message": "",
                "deployed_app_config": None if name in self.server.by_hand else one,
                "deployments": {"model": {"replicas": [{"state": "RUNNING"}]}},
            }
            for name, one in self.server.applications.items()
        }  # fmt: skip
        self._say(
            {
                "applications": found,
                "proxy_location": "EveryNode",
                "http_options": {"host": "0.0.0.0", "port": 8000, "x": 1},
            }
        )

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.applications = {one["name"]: one for one in asked["applications"]}
        self._say({})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._say({"predictions": [self.server.applications[self.path.strip("/")]["args"]["version"]]})

    def _say(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path: Path) -> RayTarget:
    return open_target(Surroundings(tmp_path / "home"))


class TestRay(TargetSuite):
    @pytest.fixture
    def trial(self, target: RayTarget, cluster: Cluster, tmp_path: Path) -> Trial:
        return Trial(target, cluster.config, (ONE, TWO), lambda: tmp_path, tmp_path / "home", divides=False)


def test_applications_of_others_stay(target: RayTarget, cluster: Cluster) -> None:
    cluster.applications["other"] = {"name": "other", "import_path": "x:y"}
    target.apply(Wanted("iris", ONE, cluster.config, Path))
    known = Deployment("iris", "ray", DeploymentState.READY, ONE, config=cluster.config)
    target.apply(Wanted("iris", TWO, cluster.config, Path, candidate=True, known=known))
    assert list(cluster.applications) == ["other", "iris", "iris-candidate"]
    assert json.loads(target.predict(known, Request(b"{}")).body) == {"predictions": ["1"]}
    target.promote(replace(known, candidate=TWO), AT_ONCE)
    assert list(cluster.applications) == ["other", "iris"]
    assert json.loads(target.predict(known, Request(b"{}")).body) == {"predictions": ["2"]}
    target.remove(known)
    assert list(cluster.applications) == ["other"]
    assert cluster.applications["other"] == {"name": "other", "import_path": "x:y"}


def test_what_a_program_started_is_not_ended_by_us(target: RayTarget, cluster: Cluster) -> None:
    cluster.applications["other"] = {"name": "other"}
    cluster.by_hand.add("other")
    with pytest.raises(Conflict, match="other"):
        target.apply(Wanted("iris", ONE, cluster.config, Path))
    assert list(cluster.applications) == ["other"]


def test_a_cluster_that_is_away_is_told(target: RayTarget) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        target.apply(Wanted("iris", ONE, {"dashboard": "http://127.0.0.1:1"}, Path))


def test_images_are_refused(target: RayTarget) -> None:
    with pytest.raises(InvalidInput, match="is an image"):
        target.plan(Wanted("iris", replace(ONE, image="x:1"), {}, Path))
