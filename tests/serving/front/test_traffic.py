"""Traffic on a real server: splits, canaries, shadows, and the log of what was answered."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from toy_servers import Toy, toy_server
from treering.core.errors import InvalidInput
from treering.monitoring.predictions.reading import Wanted, read
from treering.serving.predictions.options import LogOptions
from treering.serving.telemetry.options import TraceOptions

Start = Callable[..., Toy]
TWO = {"versions": ["1", "2"]}
INFER = "/v2/models/toy/infer"
DEADLINE = 60.0


def until(look: Callable[[], Any]) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    pytest.fail("it did not come")


def traffic(server: Toy, method: str = "GET", path: str = "", body: Any = None, **headers: str) -> Any:
    answer = server.http.request(
        method, f"{server.url}/traffic{path}", body=None if body is None else json.dumps(body),
        headers={"content-type": "application/json", **headers},
    )  # fmt: skip
    return answer.status, answer.json()


class Load:
    """Clients that ask all the time, each on a connection of its own."""

    def __init__(self, server: Toy, body: Callable[[int], dict[str, Any]], clients: int = 4) -> None:
        self._server = server
        self._body = body
        self._ends = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.errors: list[BaseException] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, client: int) -> None:
        number = client
        try:
            while not self._ends.is_set():
                answer = self._server.post(INFER, self._body(number))
                with self._lock:
                    self.statuses[answer.status] += 1
                number += len(self._threads)
        except Exception as error:  # noqa: BLE001 -- told by the test
            self.errors.append(error)


def test_a_split_is_kept_and_every_answer_says_who_gave_it(start: Start) -> None:
    server = start(TWO, weights={"toy": {"v1": 3, "v2": 1}})
    answers = [server.post(INFER, {}) for _ in range(400)]
    counted = Counter(answer.headers["x-treering-variant"] for answer in answers)
    assert 50 < counted["v2"] < 155
    for answer in answers:
        assert answer.headers["x-treering-version"] == answer.json()["version"]
        assert answer.headers["x-treering-model"] == "toy"
    status, told = traffic(server, path="/toy")
    assert status == 200
    assert {one["name"]: one["answered"] for one in told["variants"]} == dict(counted)
    assert server.metric("treering_model_traffic_share") == pytest.approx(1.0)


def test_a_key_stays_and_a_variant_can_be_asked_for_by_name(start: Start) -> None:
    server = start(TWO, weights={"toy": {"v1": 1, "v2": 1}}, key_header="X-User")
    for user in range(20):
        seen = {server.post(INFER, {}, **{"x-user": f"u{user}"}).headers["x-treering-variant"] for _ in range(5)}
        assert len(seen) == 1
    for lane in ("fast", "slow"):
        more = {"transfer-encoding": "chunked"} if lane == "slow" else {}
        for name in ("v1", "v2"):
            answer = server.post(INFER, {}, **{"x-treering-variant": name, **more})
            assert answer.headers["x-treering-variant"] == name
        refused = server.post(INFER, {}, **{"x-treering-variant": "v9", **more})
        assert refused.status == 400
        assert "There are: v1, v2" in refused.json()["message"]
    assert sum(one["answered"] for one in traffic(server, path="/toy")[1]["variants"]) == 100


def test_a_worse_canary_is_rolled_back_by_itself_and_no_request_is_lost(start: Start) -> None:
    server = start(TWO)
    with Load(server, lambda _: {"bad": "2"}) as load:
        status, told = traffic(
            server,
            "POST",
            "/toy/canary",
            {"variant": "v2", "steps": [20, 50, 100], "seconds": 30, "latency": None, "reason": "Try."},
        )
        assert status == 200
        assert told["steering"]["percent"] == 20
        history = until(lambda: _ended(server))
        at_the_end = sum(load.statuses.values())
        until(lambda: sum(load.statuses.values()) > at_the_end + 200)
    assert load.errors == []
    kinds = [event["kind"] for event in history]
    assert kinds == ["canary_started", "canary_stepped", "canary_rolled_back"]
    assert "more errors" in history[-1]["reason"]
    told = traffic(server, path="/toy")[1]
    assert [one["weight"] for one in told["variants"]] == [1, 0]
    # Every request had an answer, and those that failed are the canary's.
    assert set(load.statuses) <= {200, 500}
    assert load.statuses[500] == told["variants"][1]["failed"]
    assert sum(load.statuses.values()) == sum(one["answered"] for one in told["variants"])
    assert server.metric("treering_model_traffic_events_total") >= 3


def test_a_better_canary_is_promoted_by_itself_and_no_request_is_lost(start: Start) -> None:
    server = start(TWO)
    rewards: list[int] = []

    def feed(_: Any = None) -> None:
        answer = server.post(INFER, {})
        value = 1 if answer.headers["x-treering-variant"] == "v2" or len(rewards) % 3 == 0 else 0
        rewards.append(value)
        status, told = traffic(
            server, "POST", "/toy/feedback", {"request_id": answer.headers["x-request-id"], "value": value}
        )
        # Once it is promoted, nothing is compared any more.
        assert (status, told["counted"] + told["unknown"]) == (200, 1)

    with Load(server, lambda _: {}, clients=2) as load:
        plan = {
            "variant": "v2",
            "steps": [30, 60, 100],
            "seconds": 1,
            "requests": 50,
            "objective": "better",
            "latency": None,
        }
        assert traffic(server, "POST", "/toy/canary", plan)[0] == 200
        end = time.monotonic() + DEADLINE
        while not (history := _ended(server)) and time.monotonic() < end:
            for _ in range(20):
                feed()
        at_the_end = sum(load.statuses.values())
        until(lambda: sum(load.statuses.values()) > at_the_end + 100)
    assert load.errors == []
    assert set(load.statuses) == {200}
    assert [event["kind"] for event in history] == [
        "canary_started", "canary_stepped", "canary_stepped", "canary_promoted",
    ]  # fmt: skip
    assert "rewards are better" in history[-1]["reason"]
    assert server.post(INFER, {}).headers["x-treering-variant"] == "v2"
    assert traffic(server, path="/toy")[1]["variants"][1]["weight"] == 1


def _ended(server: Toy) -> Any:
    history = traffic(server, path="/toy")[1]["history"]
    return history if history and history[-1]["kind"] in {"canary_promoted", "canary_rolled_back"} else None


def test_a_shadow_is_asked_and_nobody_notices(start: Start) -> None:
    server = start(TWO, shadows={"toy": {"v2": 1.0}})
    for number in range(30):
        answer = server.post(INFER, {"bad": "2"} if number % 3 == 0 else {})
        assert (answer.status, answer.headers["x-treering-variant"]) == (200, "v1")

    def copied() -> Any:
        told = traffic(server, path="/toy")[1]["shadows"]["v2"]
        return told if told["answered"] + told["dropped"] == 30 else None

    told = until(copied)
    assert told["failed"] > 0
    # The toy tells its version in the answer, so that the two never agree.
    assert told["agreement"] == 0
    assert traffic(server, path="/toy")[1]["variants"][1]["answered"] == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_answers_are_kept_with_their_ids_and_their_variants(start: Start, tmp_path: Path, workers: int) -> None:
    folder = tmp_path / "kept"
    server = start(
        TWO, workers=workers, predictions=LogOptions(str(folder), rules={"email": "drop"}),
        weights={"toy": {"v1": 1, "v2": 1}}, shadows={"toy": {"v1": 1.0}},
    )  # fmt: skip
    answers = [server.post(INFER, {"instances": [{"email": "a@example.com", "age": number}]}) for number in range(40)]
    named = server.post(INFER, {"age": 1}, **{"x-request-id": "mine", "x-treering-key": "somebody"})
    assert named.headers["x-request-id"] == "mine"

    def written() -> Any:
        found = list(read(folder)) if folder.is_dir() else []
        return found if len(found) == 41 else None

    kept = {one.request_id: one for one in until(written)}
    for number, answer in enumerate(answers):
        one = kept[answer.headers["x-request-id"]]
        assert (one.variant, one.version) == (answer.headers["x-treering-variant"], answer.json()["version"])
        assert (one.columns, one.rows, one.endpoint, one.status) == (["age"], [[number]], "toy", 200)
        assert one.route == "/v2/models/{model}/infer"
    assert len(kept["mine"].key) == 32
    assert "example.com" not in "".join(file.read_text() for file in folder.glob("*/*") if file.is_file())
    shadows = [one for one in read(folder, Wanted(shadows=True)) if one.shadow]
    assert {one.variant for one in shadows} <= {"v1"}


def test_a_log_that_cannot_be_written_is_told_at_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for wrong in (LogOptions(str(tmp_path / "file")), LogOptions(str(tmp_path / "kept"), rules={"a": "hide"})):
        with pytest.raises(InvalidInput), toy_server(tmp_path, TWO, predictions=wrong):
            pytest.fail("it was started")

    def gone() -> bool:
        mine = [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in _read(path)]
        return not mine

    until(gone)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() + path.with_name("environ").read_bytes()
    except OSError:
        return b""


def test_a_variant_that_is_loaded_gets_traffic_when_somebody_says_so(start: Start) -> None:
    server = start({"versions": ["1"]})
    assert traffic(server, "PUT", "/toy", {"weights": {"v1": 1, "v2": 1}})[0] == 400
    assert server.post(INFER, {}).headers["x-treering-variant"] == "v1"


def test_only_this_machine_or_a_token_changes_traffic(start: Start) -> None:
    server = start(TWO)
    change = {"weights": {"v1": 1, "v2": 1}}
    assert traffic(server, "PUT", "/toy", change)[0] == 200
    for headers in ({"x-forwarded-for": "10.0.0.1"}, {"forwarded": "for=10.0.0.1"}, {"host": "bent.example.com"}):
        status, told = traffic(server, "PUT", "/toy", change, **headers)
        assert status == 403
        assert "--control-token" in told["message"]
    assert traffic(server, path="/toy", **{"x-forwarded-for": "10.0.0.1"})[0] == 200
    assert traffic(server, "POST", "/toy", {})[0] == 405
    status, told = traffic(server, path="/nothing")
    assert (status, told["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_a_token_is_asked_for_where_there_is_one(start: Start) -> None:
    server = start(TWO, control_token="opensesame")
    change = {"weights": {"v2": 1}}
    assert traffic(server, "PUT", "/toy", change)[0] == 401
    assert traffic(server, "PUT", "/toy", change, authorization="Bearer wrong")[0] == 401
    assert traffic(server, "PUT", "/toy", change, authorization="Bearer opensesame")[0] == 200
    assert server.post(INFER, {}).headers["x-treering-variant"] == "v2"
    # What an answer was worth may be told by whoever got it.
    assert traffic(server, "POST", "/toy/feedback", {"request_id": "unknown", "value": 1})[1]["unknown"] == 1


def test_an_answer_has_a_span_under_its_clients(start: Start) -> None:
    sent: list[Any] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        thread = threading.Thread(target=collector.serve_forever, args=(0.01,))
        thread.start()
        try:
            server = start(TWO, traces=TraceOptions(f"http://127.0.0.1:{collector.server_address[1]}/v1/traces", 0.0))
            trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
            server.post(INFER, {})
            server.post(INFER, {}, traceparent=f"00-{trace}-{parent}-00")
            server.post(INFER, {}, traceparent=f"00-{trace}-{parent}-01", **{"x-request-id": "mine"})
            spans = until(lambda: [one for told in sent for one in told["resourceSpans"][0]["scopeSpans"][0]["spans"]])
        finally:
            collector.shutdown()
            thread.join()
    (span,) = spans
    assert (span["traceId"], span["parentSpanId"], span["name"]) == (trace, parent, "POST /v2/models/{model}/infer")
    told = {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}
    assert told["treering.variant"] == "v1"
    assert told["treering.request_id"] == "mine"
    assert told["http.response.status_code"] == "200"
    assert int(span["startTimeUnixNano"]) < int(span["endTimeUnixNano"])
