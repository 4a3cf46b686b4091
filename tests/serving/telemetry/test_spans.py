"""Which requests are traced, and what a collector is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.serving.telemetry.options import TraceOptions, trace_options
from treering.serving.telemetry.sending import Sender
from treering.serving.telemetry.spans import Sampler, Span, document, parent_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{SPAN}-01".encode()
UNSAMPLED = f"00-{TRACE}-{SPAN}-00".encode()


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (SAMPLED, True),
        (f"01-{TRACE}-{SPAN}-01-more".encode(), True),  # a later version may say more
        (f"00-{TRACE}-{SPAN}-01-more".encode(), False),
        (f"ff-{TRACE}-{SPAN}-01".encode(), False),
        (f"00-{'0' * 32}-{SPAN}-01".encode(), False),
        (f"00-{TRACE}-{'0' * 16}-01".encode(), False),
        (f"00-{TRACE.upper()}-{SPAN}-01".encode(), False),
        (b"", False),
        (b"\xff", False),
        (b"00-1-1-1", False),
    ],
)
def test_a_header_is_read_as_w3c_says(header: bytes, known: bool) -> None:
    found = parent_of(header)
    assert (found is not None) is known
    if found is not None:
        assert (found.trace, found.span, found.sampled) == (TRACE, SPAN, True)


def test_a_client_that_says_decides() -> None:
    never, always = Sampler(0.0), Sampler(1.0)
    begun = never.begin(SAMPLED)
    assert begun is not None
    assert (begun[0], begun[2]) == (TRACE, SPAN)
    assert begun[1] not in {SPAN, "0" * 16}
    assert always.begin(UNSAMPLED) is None
    assert never.begin(b"") is None
    assert never.begin(b"nonsense") is None
    assert Sampler(1.0, parent=False).begin(UNSAMPLED) is not None


def test_a_share_is_kept_and_all_servers_decide_alike() -> None:
    tenth = Sampler(0.1)
    assert sum(tenth.begin(b"") is not None for _ in range(20_000)) == pytest.approx(2000, rel=0.15)
    one, other = Sampler(0.5, parent=False), Sampler(0.5, parent=False)
    for number in range(1, 200):
        said = f"00-{number:016x}{number * 92233720368547758 % 2**64:016x}-{SPAN}-00".encode()
        assert (one.begin(said) is None) == (other.begin(said) is None)


def test_variables_of_all_programs_are_understood() -> None:
    assert trace_options({}) is None
    assert trace_options({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}) is None
    assert trace_options({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}) is None
    found = trace_options(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/",
            "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b, y=2",
            "OTEL_SERVICE_NAME": "shop",
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,deployment.environment=test",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.25",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "2000",
        }
    )
    assert found == TraceOptions(
        "http://c:4318/v1/traces", 0.25, True, {"x-key": "a b", "y": "2"},
        {"service.name": "shop", "deployment.environment": "test"}, 2.0,
    )  # fmt: skip
    own = trace_options({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c/own", "OTEL_TRACES_SAMPLER": "always_off"})
    assert own is not None
    assert (own.url, own.sample, own.parent) == ("https://c/own", 0.0, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {"OTEL_TRACES_SAMPLER": "often"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "2"},
        {"OTEL_EXPORTER_OTLP_TIMEOUT": "soon"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "c:4318"},
    ],
)
def test_what_is_not_understood_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="OTEL"):
        trace_options({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", **wrong})


def span(number: int = 0, status: int = 200) -> Span:
    return Span(
        TRACE,
        f"{number + 1:016x}",
        SPAN,
        "POST /invocations",
        10**18,
        10**18 + 5,
        status,
        {"http.route": "/i", "n": 3, "no": ""},
    )


def test_a_span_looks_as_collectors_want_it() -> None:
    told = document([span(), span(1, 500)], {"service.name": "shop"}, "1.0")
    resource = told["resourceSpans"][0]
    assert resource["resource"]["attributes"] == [{"key": "service.name", "value": {"stringValue": "shop"}}]
    good, bad = resource["scopeSpans"][0]["spans"]
    assert good == {
        "traceId": TRACE, "spanId": "0000000000000001", "parentSpanId": SPAN, "name": "POST /invocations", "kind": 2,
        "startTimeUnixNano": "1000000000000000000", "endTimeUnixNano": "1000000000000000005",
        "attributes": [{"key": "http.route", "value": {"stringValue": "/i"}}, {"key": "n", "value": {"intValue": "3"}}],
        "status": {},
    }  # fmt: skip
    assert bad["status"] == {"code": 2}


class Collector(ThreadingHTTPServer):
    """Answers with the statuses it is given, then with 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []
        self.batches: list[tuple[dict[str, str], Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1/traces"

    def spans(self) -> list[Any]:
        return [
            span for _, body in self.batches for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]
        ]  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 200:
            self.server.batches.append((dict(self.headers), body))
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_spans_arrive_in_batches_with_the_headers_asked_for(collector: Collector) -> None:
    sender = Sender(TraceOptions(collector.url, headers={"x-key": "secret"}))
    for number in range(1500):
        sender.offer(span(number))
    sender.close()
    assert len(collector.spans()) == sender.sent == 1500
    assert {headers["x-key"] for headers, _ in collector.batches} == {"secret"}
    assert sender.dropped == 0


def test_a_collector_that_is_busy_is_asked_again_and_one_that_refuses_is_not(collector: Collector) -> None:
    collector.statuses = [503]
    sender = Sender(TraceOptions(collector.url))
    sender.offer(span())
    sender.close()
    assert sender.sent == 1
    collector.statuses = [400, 400]
    refused = Sender(TraceOptions(collector.url))
    refused.offer(span())
    refused.close()
    assert (refused.sent, refused.dropped) == (0, 1)
    assert collector.statuses == [400]


def test_a_collector_that_is_not_there_costs_no_more_than_the_spans() -> None:
    sender = Sender(TraceOptions("http://127.0.0.1:9/v1/traces", timeout=1.0))
    for number in range(5000):
        sender.offer(span(number))
    assert len(sender._queue) <= 4096
    sender.close()
    assert sender.dropped == 5000
