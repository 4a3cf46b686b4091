"""MLflow's protocol over HTTP: what it is peculiar about, and what it must not give away."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from treering.assembly import open_services
from treering.core.settings import Settings
from treering.entities.run import NewRun

Site = Any  # of conftest.py, which tests cannot import

API = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
JSON = {"content-type": "application/json"}


def refused(reply: Any, status: int, code: str, part: str = "") -> None:
    assert (reply.status, reply.json()["error_code"]) == (status, code), reply.body
    assert part in reply.json()["message"]


@pytest.fixture
def run_id(site: Site) -> str:
    return site.services.tracking.runs.create(NewRun("0", run_name="r")).info.run_id


class TestRequests:
    @pytest.mark.parametrize("prefix", ["/api", "/ajax-api"])
    def test_both_prefixes_answer(self, site: Site, prefix: str) -> None:
        reply = site.ask("GET", f"{prefix}/2.0/mlflow/experiments/get?experiment_id=0")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        assert reply.json()["experiment"]["name"] == "Default"

    def test_get_with_a_body_instead_of_a_query(self, site: Site, run_id: str) -> None:
        reply = site.ask("GET", f"{API}/runs/get", {"run_uuid": run_id})
        assert reply.json()["run"]["info"]["run_id"] == reply.json()["run"]["info"]["run_uuid"] == run_id

    def test_numbers_and_words_of_answers(self, site: Site, run_id: str) -> None:
        body = b'{"run_id":"%s","key":"m","value":NaN,"timestamp":"1700000000001","step":"4"}' % run_id.encode()
        assert site.ask("POST", f"{API}/runs/log-metric", body, JSON).body == b"{}"
        (point,) = site.ask("GET", f"{API}/metrics/get-history?run_id={run_id}&metric_key=m").json()["metrics"]
        assert point == {"key": "m", "value": "NaN", "timestamp": 1700000000001, "step": 4}
        info = site.ask("GET", f"{API}/runs/get?run_id={run_id}").json()["run"]["info"]
        assert isinstance(info["start_time"], int)
        assert "end_time" not in info
        assert info["status"] == "RUNNING"

    def test_a_bad_point_in_a_batch_stores_nothing(self, site: Site, run_id: str) -> None:
        points = [{"key": "a", "value": 1, "timestamp": 1}, {"key": "b", "value": "high", "timestamp": 1}]
        reply = site.ask("POST", f"{API}/runs/log-batch", {"run_id": run_id, "metrics": points})
        refused(reply, 400, "INVALID_PARAMETER_VALUE", "metrics[1].value")
        assert site.services.tracking.runs.get(run_id).data.metrics == {}

    @pytest.mark.parametrize(
        ("counts", "part"),
        [
            ((1001, 0, 0), "at most 1000 metrics. Got 1001"),
            ((0, 101, 0), "at most 100 params"),
            ((0, 0, 101), "at most 100 tags"),
            ((900, 60, 60), "at most 1000 metrics, params and tags"),
        ],
    )
    def test_batches_have_limits(self, site: Site, run_id: str, counts: tuple[int, int, int], part: str) -> None:
        body = {
            "run_id": run_id,
            "metrics": [{"key": f"m{n}", "value": 1, "timestamp": 1} for n in range(counts[0])],
            "params": [{"key": f"p{n}", "value": "1"} for n in range(counts[1])],
            "tags": [{"key": f"t{n}", "value": "1"} for n in range(counts[2])],
        }
        refused(site.ask("POST", f"{API}/runs/log-batch", body), 400, "INVALID_PARAMETER_VALUE", part)

    def test_refusals_have_a_code_and_words(self, site: Site) -> None:
        post = f"{API}/experiments/create"
        refused(site.ask("POST", post, {}), 400, "INVALID_PARAMETER_VALUE", "required parameter 'name'")
        refused(site.ask("POST", post, b"{", JSON), 400, "BAD_REQUEST", "JSON")
        refused(
            site.ask("POST", post, b"{}", {"content-type": "text/plain"}),
            400,
            "INVALID_PARAMETER_VALUE",
            "Content type",
        )
        refused(site.ask("POST", post, {"name": "Default"}), 400, "RESOURCE_ALREADY_EXISTS")
        refused(site.ask("GET", f"{API}/runs/get?run_id=absent"), 404, "RESOURCE_DOES_NOT_EXIST")
        refused(site.ask("GET", f"{API}/runs/get"), 400, "INVALID_PARAMETER_VALUE", "run_id")
        refused(site.ask("GET", f"{API}/nowhere"), 404, "ENDPOINT_NOT_FOUND")
        refused(site.ask("GET", post), 405, "ENDPOINT_NOT_FOUND")
        for path in ("/graphql", "/api/3.0/mlflow/traces/search", "/ajax-api/2.0/mlflow/gateway-proxy", f"{post}/"):
            refused(site.ask("POST", path, {}), 404, "ENDPOINT_NOT_FOUND", path)

    def test_a_model_of_the_old_kind_is_noted_in_a_tag(self, site: Site, run_id: str) -> None:
        model = {"artifact_path": "m", "flavors": {}, "run_id": run_id, "utc_time_created": "now"}
        for _ in range(2):
            site.ask("POST", f"{API}/runs/log-model", {"run_id": run_id, "model_json": json.dumps(model)})
        tags = site.services.tracking.runs.get(run_id).data.tags
        assert json.loads(tags["mlflow.log-model.history"]) == [model, model]
        for text in ("{", "[]", "{}"):
            reply = site.ask("POST", f"{API}/runs/log-model", {"run_id": run_id, "model_json": text})
            refused(reply, 400, "INVALID_PARAMETER_VALUE", "odel")

    def test_histories_in_bulk(self, site: Site, run_id: str) -> None:
        points = [{"key": "m", "value": n, "timestamp": 1, "step": n} for n in range(500)]
        assert site.ask("POST", f"{API}/runs/log-batch", {"run_id": run_id, "metrics": points}).status == 200
        bulk = site.ask("GET", f"{API}/metrics/get-history-bulk?run_id={run_id}&metric_key=m&max_results=7").json()
        assert [point["step"] for point in bulk["metrics"]] == list(range(7))
        assert {point["run_id"] for point in bulk["metrics"]} == {run_id}
        path = f"{API}/metrics/get-history-bulk-interval?run_ids={run_id}&metric_key=m"
        steps = [p["step"] for p in site.ask("GET", f"{path}&max_results=10").json()["metrics"]]
        assert len(steps) <= 12
        assert steps == sorted(steps)
        assert steps[-1] == 499
        part = site.ask("GET", f"{path}&start_step=10&end_step=12").json()["metrics"]
        assert [point["step"] for point in part] == [10, 11, 12]
        refused(site.ask("GET", f"{path}&start_step=1"), 400, "INVALID_PARAMETER_VALUE", "both")
        refused(site.ask("GET", f"{path}&max_results=2501"), 400, "INVALID_PARAMETER_VALUE", "2500")
        many = "&run_ids=x" * 101
        refused(site.ask("GET", f"{path}{many}"), 400, "INVALID_PARAMETER_VALUE", "100")

    def test_pages_of_a_history(self, site: Site, run_id: str) -> None:
        points = [{"key": "m", "value": n, "timestamp": n, "step": n} for n in range(10)]
        site.ask("POST", f"{API}/runs/log-batch", {"run_id": run_id, "metrics": points})
        path, token, steps = f"{API}/metrics/get-history?run_id={run_id}&metric_key=m&max_results=4", "", []
        while True:
            page = site.ask("GET", path + (f"&page_token={token}" if token else "")).json()
            steps += [point["step"] for point in page["metrics"]]
            token = page.get("next_page_token", "")
            if not token:
                break
        assert steps == list(range(10))

    def test_datasets_of_experiments(self, site: Site, run_id: str) -> None:
        dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "{}"}
        tags = [{"key": "mlflow.data.context", "value": "train"}]
        body = {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]}
        assert site.ask("POST", f"{API}/runs/log-inputs", body).status == 200
        found = site.ask("POST", f"{API}/experiments/search-datasets", {"experiment_ids": ["0"]}).json()
        assert found == {"dataset_summaries": [{"experiment_id": "0", "name": "d", "digest": "1", "context": "train"}]}

    def test_prompts_are_hidden_until_asked_for(self, site: Site) -> None:
        create = f"{API}/registered-models/create"
        site.ask("POST", create, {"name": "model"})
        site.ask("POST", create, {"name": "prompt", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]})

        def names(query: str) -> list[str]:
            found = site.ask("GET", f"{API}/registered-models/search{query}").json()
            return [model["name"] for model in found.get("registered_models", [])]

        assert names("") == ["model"]
        assert names("?filter=tag.%60mlflow.prompt.is_prompt%60%20!%3D%20'true'") == ["model"]
        assert names("?filter=tags.%60mlflow.prompt.is_prompt%60%20%3D%20'true'") == ["prompt"]


class TestWebhooks:
    WEBHOOKS = f"{API}/webhooks"
    NEW: ClassVar[dict[str, Any]] = {
        "name": "told",
        "url": "https://8.8.8.8/hook",
        "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}, {"entity": 3, "action": 4}],
        "secret": "hush",
    }

    def test_from_making_one_to_deleting_it(self, site: Site) -> None:
        reply = site.ask("POST", self.WEBHOOKS, self.NEW)
        assert b"hush" not in reply.body
        made = reply.json()["webhook"]
        assert (made["name"], made["url"], made["status"]) == ("told", "https://8.8.8.8/hook", "ACTIVE")
        assert made["events"] == [
            {"entity": "MODEL_VERSION", "action": "CREATED"},
            {"entity": "MODEL_VERSION_TAG", "action": "SET"},
        ]
        assert "description" not in made
        one = f"{self.WEBHOOKS}/{made['webhook_id']}"
        assert site.ask("GET", one).json() == {"webhook": made}
        changed = site.ask("PATCH", one, {"description": "why", "status": "DISABLED"}).json()["webhook"]
        assert (changed["name"], changed["description"], changed["status"]) == ("told", "why", "DISABLED")
        assert changed["events"] == made["events"]
        listed = site.ask("GET", "/ajax-api/2.0/mlflow/webhooks?max_results=1").json()
        assert listed == {"webhooks": [changed]}
        assert site.ask("DELETE", one).body == b"{}"
        refused(site.ask("GET", one), 404, "RESOURCE_DOES_NOT_EXIST", made["webhook_id"])
        assert site.ask("GET", self.WEBHOOKS).json() == {}

    def test_pages(self, site: Site) -> None:
        for number in range(3):
            site.ask("POST", self.WEBHOOKS, {**self.NEW, "name": f"w{number}"})
        first = site.ask("GET", f"{self.WEBHOOKS}?max_results=2").json()
        rest = site.ask("GET", f"{self.WEBHOOKS}?max_results=2&page_token={first['next_page_token']}").json()
        assert len(first["webhooks"]) + len(rest["webhooks"]) == 3
        assert "next_page_token" not in rest

    @pytest.mark.parametrize(
        ("change", "part"),
        [
            ({"url": "http://8.8.8.8/"}, "scheme"),
            ({"url": "https://127.0.0.1/"}, "public"),
            ({"url": None}, "'url'"),
            ({"name": "no/name"}, "name"),
            ({"events": []}, "events"),
            ({"events": [{"entity": "MODEL_VERSION", "action": "EXCEEDED"}]}, "Invalid action"),
            ({"events": [{"entity": "MODEL_VERSION", "action": "ACTION_UNSPECIFIED"}]}, "entity and an action"),
            ({"events": [{"entity": "MOON", "action": "CREATED"}]}, "events[0].entity"),
            ({"status": "ASLEEP"}, "status"),
        ],
    )
    def test_what_cannot_be(self, site: Site, change: dict[str, Any], part: str) -> None:
        refused(site.ask("POST", self.WEBHOOKS, {**self.NEW, **change}), 400, "INVALID_PARAMETER_VALUE", part)

    def test_a_message_that_does_not_arrive(
        self, start: Callable[..., Site], settings: Settings, tmp_path: Path
    ) -> None:
        allowed = replace(settings, webhook_allowed_schemes="http, https", webhook_allow_private_ips=True)
        site = start(open_services(allowed, tmp_path / "own"))
        made = site.ask("POST", self.WEBHOOKS, {**self.NEW, "url": "http://127.0.0.1:1/"}).json()["webhook"]
        event = {"event": {"entity": "PROMPT", "action": "CREATED"}}
        result = site.ask("POST", f"{self.WEBHOOKS}/{made['webhook_id']}/test", event).json()["result"]
        assert result["success"] is False
        assert "127.0.0.1" in result["error_message"]
        assert "response_status" not in result


class TestArtifacts:
    def test_a_file_goes_in_and_out_as_it_is(self, site: Site) -> None:
        content = bytes(range(256)) * 20_000  # larger than a piece
        assert site.ask("PUT", f"{PROXY}/a/b%20c%23.bin", content).status == 200
        reply = site.ask("GET", f"{PROXY}/a/b%20c%23.bin")
        assert reply.body == content
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["content-disposition"].startswith("attachment")
        listing = site.ask("GET", f"{PROXY}?path=a").json()
        assert listing == {"files": [{"path": "b c#.bin", "is_dir": False, "file_size": len(content)}]}
        assert site.ask("GET", PROXY).json() == {"files": [{"path": "a", "is_dir": True}]}
        assert site.ask("GET", f"{PROXY}?path=nowhere").json() == {}
        assert site.ask("DELETE", f"{PROXY}/a").json() == {}
        refused(site.ask("GET", f"{PROXY}/a/b%20c%23.bin"), 404, "RESOURCE_DOES_NOT_EXIST")

    def test_an_empty_file_is_a_file(self, site: Site) -> None:
        assert site.ask("PUT", f"{PROXY}/empty", b"").status == 200
        assert site.ask("GET", f"{PROXY}/empty").body == b""

    @pytest.mark.parametrize(
        "path", ["..%2Fx", "a/..%2F..%2Fx", "%2Fetc%2Fpasswd", "a%5C..%5Cx", "x%00", ".", "..", ""]
    )
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_no_path_climbs_out_or_names_the_root(self, site: Site, method: str, path: str) -> None:
        site.ask("PUT", f"{PROXY}/kept", b"kept")
        reply = site.ask(method, f"{PROXY}/{path}", b"evil" if method == "PUT" else None)
        assert reply.status in {400, 404, 405}, reply.body
        assert site.ask("GET", f"{PROXY}/kept").body == b"kept"
        assert sorted(item.name for item in Path(site.services.settings.home).iterdir()) == ["artifacts"]

    def test_an_upload_that_breaks_off_leaves_what_was_there(self, site: Site) -> None:
        site.ask("PUT", f"{PROXY}/file", b"before")
        with contextlib.closing(socket.create_connection(("127.0.0.1", site.port))) as connection:
            head = f"PUT {PROXY}/file HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000000\r\n\r\n"
            connection.sendall(head.encode() + b"x" * 200_000)
        assert site.ask("GET", f"{PROXY}/file").body == b"before"
        assert site.ask("GET", PROXY).json()["files"] == [{"path": "file", "is_dir": False, "file_size": 6}]

    def test_artifacts_of_a_run(self, site: Site, run_id: str) -> None:
        site.ask("PUT", f"{PROXY}/0/{run_id}/artifacts/dir/model.html", b"<script>")
        listing = site.ask("GET", f"{API}/artifacts/list?run_id={run_id}&path=dir").json()
        assert listing["files"] == [{"path": "dir/model.html", "is_dir": False, "file_size": 8}]
        assert listing["root_uri"].endswith(f"/{run_id}/artifacts")
        refused(site.ask("GET", f"{API}/artifacts/list?run_id={run_id}&path=../.."), 400, "INVALID_PARAMETER_VALUE")
        reply = site.ask("GET", f"/get-artifact?run_uuid={run_id}&path=dir/model.html")
        assert reply.body == b"<script>"
        assert reply.headers["content-disposition"].startswith("attachment")
        refused(site.ask("GET", f"/get-artifact?run_id={run_id}&path=dir"), 404, "RESOURCE_DOES_NOT_EXIST")
        upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=up.txt"
        assert site.ask("POST", upload, b"text").body == b""
        assert site.ask("GET", f"/get-artifact?run_id={run_id}&path=up.txt").body == b"text"
        big = site.ask("POST", upload, bytes(10 * 1024 * 1024 + 1))
        assert big.status == 413
        assert site.ask("GET", f"/get-artifact?run_id={run_id}&path=up.txt").body == b"text"

    def test_artifacts_of_a_version_and_a_logged_model(self, site: Site, run_id: str) -> None:
        made = site.ask("POST", f"{API}/logged-models", {"experiment_id": "0", "source_run_id": run_id}).json()
        info = made["model"]["info"]
        assert info["status"] == "LOGGED_MODEL_PENDING"
        site.ask("PUT", f"{PROXY}/{info['artifact_uri'].partition(':/')[2].strip('/')}/MLmodel", b"flavors: {}")
        files = f"{API}/logged-models/{info['model_id']}/artifacts"
        assert site.ask("GET", f"{files}/directories").json()["files"][0]["path"] == "MLmodel"
        assert site.ask("GET", f"{files}/files?artifact_file_path=MLmodel").body == b"flavors: {}"
        site.ask("POST", f"{API}/registered-models/create", {"name": "m"})
        source = {"name": "m", "source": f"models:/{info['model_id']}"}
        assert site.ask("POST", f"{API}/model-versions/create", source).json()["model_version"]["run_id"] == run_id
        reply = site.ask("GET", "/model-versions/get-artifact?name=m&version=1&path=MLmodel")
        assert (reply.body, reply.headers["content-type"].partition(";")[0]) == (b"flavors: {}", "text/plain")

    def test_what_needs_a_cloud_store_is_not_supported(self, site: Site) -> None:
        proxy = "/api/2.0/mlflow-artifacts"
        reply = site.ask("POST", f"{proxy}/mpu/create/a/b", {"path": "b", "num_parts": 2})
        # The words by which MLflow's client knows that it shall send the file in one request.
        words = "Multipart upload is not supported for the current artifact repository"
        refused(reply, 501, "NOT_IMPLEMENTED", words)
        assert reply.json()["message"].startswith(words)
        refused(site.ask("GET", f"{proxy}/presigned/a/b"), 501, "NOT_IMPLEMENTED")
        run = site.ask("POST", f"{API}/runs/create", {"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        for name in ("presigned-upload-url", "presigned-download-url"):
            asked = {"run_id": run, "path": "x"}
            refused(site.ask("POST", f"{API}/artifacts/{name}", asked), 501, "NOT_IMPLEMENTED")
        both = {"run_id": run, "model_id": "m", "path": "x"}
        refused(site.ask("POST", f"{API}/artifacts/presigned-upload-url", both), 400, "INVALID_PARAMETER_VALUE")

    def test_a_server_that_serves_no_artifacts_says_so(
        self, start: Callable[..., Site], settings: Settings, tmp_path: Path
    ) -> None:
        own = open_services(replace(settings, serve_artifacts=False), tmp_path / "own")
        site = start(own)
        refused(site.ask("GET", f"{PROXY}/a"), 501, "NOT_IMPLEMENTED", "--no-serve-artifacts")
        refused(site.ask("PUT", f"{PROXY}/a", b"x"), 501, "NOT_IMPLEMENTED")
        assert site.ask("GET", "/api/3.0/mlflow/server-info").json()["artifact_serving_enabled"] is False


class TestPlaces:
    @pytest.mark.parametrize(
        "place",
        [
            "http://169.254.169.254/x",
            "ftp://h/x",
            "sftp://u:p@h/x",
            "hdfs://h/x",
            "abfss://c@h/x",
            "mlflow-artifacts://h/x",
        ],
    )
    def test_the_server_opens_no_machine_that_a_client_names(self, site: Site, run_id: str, place: str) -> None:
        reply = site.ask("POST", f"{API}/experiments/create", {"name": "x", "artifact_location": place})
        refused(reply, 400, "INVALID_PARAMETER_VALUE", "artifact_location")
        site.ask("POST", f"{API}/registered-models/create", {"name": "m"})
        body = {"name": "m", "source": place, "run_id": run_id}
        refused(site.ask("POST", f"{API}/model-versions/create", body), 400, "INVALID_PARAMETER_VALUE", "source")

    def test_the_disk_outside_the_roots_stays_closed(self, site: Site, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        body = {"name": "x", "artifact_location": tmp_path.as_uri()}
        made = site.ask("POST", f"{API}/experiments/create", body).json()
        run = site.services.tracking.runs.create(NewRun(made["experiment_id"]))
        for path in ("secret", "../../secret"):
            assert site.ask("GET", f"/get-artifact?run_id={run.info.run_id}&path={path}").status in {400, 403}
        refused(site.ask("GET", f"{API}/artifacts/list?run_id={run.info.run_id}"), 403, "PERMISSION_DENIED", "root")

    @pytest.mark.parametrize(
        "source", ["/etc", "file:///etc/passwd", "mlflow-artifacts:/9/other/artifacts/m", "runs:/x/m"]
    )
    def test_a_version_comes_from_its_own_run(self, site: Site, run_id: str, source: str) -> None:
        site.ask("POST", f"{API}/registered-models/create", {"name": "m"})
        body = {"name": "m", "source": source, "run_id": run_id}
        refused(site.ask("POST", f"{API}/model-versions/create", body), 400, "INVALID_PARAMETER_VALUE", source)
        own = site.services.tracking.runs.get(run_id).info.artifact_uri + "/model"
        reply = site.ask("POST", f"{API}/model-versions/create", {"name": "m", "source": own, "run_id": run_id})
        assert reply.json()["model_version"]["version"] == "1"
