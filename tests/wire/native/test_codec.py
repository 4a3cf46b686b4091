from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import (
    BadFilter,
    FilterMistake,
    InvalidInput,
    MalformedRequest,
    NotFound,
    TreeringError,
    Unavailable,
    UnsupportedMediaType,
)
from treering.entities.experiment import Experiment
from treering.entities.lifecycle import Lifecycle, RunStatus, View
from treering.entities.run import NewRun
from treering.wire.dialect import RawRequest
from treering.wire.endpoint import Empty, Endpoint, Permission
from treering.wire.native import artifacts, experiments, metrics, models, runs, server
from treering.wire.native.codec import JSON, MSGPACK, NATIVE, Call


def request(
    body: bytes = b"",
    path: Mapping[str, str] | None = None,
    query: Mapping[str, list[str]] | None = None,
    content_type: str = JSON,
    accept: str = "*/*",
) -> RawRequest:
    return RawRequest(path or {}, query or {}, {"content-type": content_type, "accept": accept}, body)


def arrived(endpoint: Endpoint[Any, Any], call: Call) -> RawRequest:
    """What the server makes of a call, by a way of its own."""
    names = endpoint.path_fields
    parts = call.path.removeprefix("/").split("/")
    pattern = endpoint.path.removeprefix("/").split("/")
    values = {}
    for name in names:
        place = next(index for index, part in enumerate(pattern) if part in {f"{{{name}}}", f"{{{name}:path}}"})
        values[name] = unquote(parts[place])
    return RawRequest(values, parse_qs(call.query, keep_blank_values=True), call.headers, call.body)


SAMPLES: list[tuple[Endpoint[Any, Any], Any]] = [
    (server.INFO, Empty()),
    (experiments.CREATE, experiments.CreateExperiment("a", tags={"k": "v"})),
    (experiments.GET_BY_NAME, experiments.ExperimentName("a b/c&d=é?")),
    (experiments.RENAME, experiments.RenameExperiment("1", "new")),
    (experiments.SEARCH, experiments.SearchExperiments(view=View.ALL, with_total=True)),
    (experiments.DELETE_TAG, experiments.DeleteExperimentTag("1", "a/b c%2F")),
    (runs.CREATE, NewRun("1", tags={"a": "b"}, start_time=5)),
    (runs.UPDATE, runs.UpdateRun("r", RunStatus.FAILED, 7)),
    (runs.LOG, runs.LogBatches([runs.RunBatch("r", series={"m": runs.SeriesPoints(b"\0" * 8, b"\1" * 8, b"\xff" * 8)})])),
    (runs.DELETE, runs.RunId("r")),
    (metrics.HISTORY, metrics.History("r", "val/loss", 5, "t")),
    (metrics.HISTORY, metrics.History("r", "..")),
    (metrics.SAMPLE, metrics.Sample(["a"], ["b"], first_step=-5)),
    (models.GET_LOGGED_MODEL, models.GetLoggedModel("m", allow_deleted=True)),
    (models.SET_ALIAS, models.SetAlias("n", "a", 3)),
    (models.GET_VERSION, models.VersionNumber("n", 3)),
    (artifacts.LIST, artifacts.ArtifactPath("runs:/x", "a b")),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "value"), SAMPLES, ids=lambda item: getattr(item, "name", ""))
def test_what_the_client_sends_is_what_the_server_reads(endpoint: Endpoint[Any, Any], value: Any) -> None:
    got = NATIVE.decode(endpoint, arrived(endpoint, NATIVE.encode_request(endpoint, value)))
    assert type(got) is type(value)
    # A tuple arrives as a list; as MessagePack they are equal.
    assert msgspec.msgpack.encode(got) == msgspec.msgpack.encode(value)


def test_dots_in_a_path_are_escaped_so_that_no_library_resolves_them() -> None:
    call = NATIVE.encode_request(metrics.HISTORY, metrics.History("r", ".."))
    assert call.path == "/api/v1/runs/r/metrics/%2E%2E"


def test_nothing_is_sent_for_what_is_none() -> None:
    assert NATIVE.encode_request(metrics.HISTORY, metrics.History("r", "k")).query == "page_token="


def test_json_bodies_are_read() -> None:
    got = NATIVE.decode(experiments.CREATE, request(b'{"name": "a", "tags": {"x": "y"}, "unknown": 1}'))
    assert got == experiments.CreateExperiment("a", tags={"x": "y"})


def test_a_charset_in_the_content_type_is_no_other_type() -> None:
    raw = request(b'{"name": "a"}', content_type="Application/JSON; charset=utf-8")
    assert NATIVE.decode(experiments.CREATE, raw) == experiments.CreateExperiment("a")


def test_an_empty_body_stands_for_no_fields() -> None:
    assert NATIVE.decode(experiments.SEARCH, request()) == experiments.SearchExperiments()


def test_fields_of_path_and_body_make_one_request() -> None:
    got = NATIVE.decode(models.SET_ALIAS, request(b'{"version": 3}', {"name": "n", "alias": "a"}))
    assert got == models.SetAlias("n", "a", 3)


def test_the_path_wins_over_the_body() -> None:
    got = NATIVE.decode(runs.UPDATE, request(b'{"run_id": "other", "end_time": 5}', {"run_id": "this"}))
    assert got == runs.UpdateRun("this", end_time=5)


def test_query_fields_are_converted() -> None:
    got = NATIVE.decode(
        models.GET_LOGGED_MODEL, request(path={"model_id": "m"}, query={"allow_deleted": ["true"], "other": ["1"]})
    )
    assert got == models.GetLoggedModel("m", allow_deleted=True)


@pytest.mark.parametrize(
    ("endpoint", "raw", "kind", "words"),
    [
        (experiments.CREATE, request(b"{"), MalformedRequest, "not valid JSON"),
        (experiments.CREATE, request(b"\xff\xfe"), MalformedRequest, "not valid JSON"),
        (experiments.CREATE, request(b"[" * 100_000), InvalidInput, "does not fit"),
        (experiments.CREATE, request(b'{"tags":' + b"[" * 100_000), InvalidInput, "tags"),
        (experiments.CREATE, request(b"[]"), InvalidInput, "expected `object`, got `array`"),
        (experiments.CREATE, request(b"{}"), InvalidInput, "missing required field `name`"),
        (experiments.CREATE, request(b'{"name": 5}'), InvalidInput, "The field `name` does not fit: expected `str`, got `int`"),
        (experiments.CREATE, request(b'{"name": "a", "tags": {"x": 1}}'), InvalidInput, "`tags"),
        (experiments.CREATE, request(b"\xc1", content_type=MSGPACK), MalformedRequest, "not valid MessagePack"),
        (experiments.CREATE, request(b"a=b", content_type="text/plain"), UnsupportedMediaType, "'text/plain'"),
        (experiments.SEARCH, request(b'{"view": "NONE"}'), InvalidInput, "view"),
        (experiments.GET_BY_NAME, request(), InvalidInput, "`name` is missing"),
        (models.GET_VERSION, request(path={"name": "n", "version": "x"}), InvalidInput, "`version`"),
        (models.GET_LOGGED_MODEL, request(path={"model_id": "m"}, query={"allow_deleted": ["perhaps"]}), InvalidInput, "`allow_deleted`"),
        (runs.LOG, request(b'{"batches": [{"run_id": "r", "series": {"a": {"steps": "?", "timestamps": "", "values": ""}}}]}'), InvalidInput, "steps"),
    ],
)  # fmt: skip
def test_bad_requests_say_what_is_wrong(
    endpoint: Endpoint[Any, Any], raw: RawRequest, kind: type[TreeringError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        NATIVE.decode(endpoint, raw)
    assert type(caught.value) is kind
    assert words in str(caught.value)


def test_answers_come_in_the_form_that_is_accepted() -> None:
    experiment = Experiment("1", "a", "uri", Lifecycle.ACTIVE, 1, 2, {"k": "v"})
    as_json = NATIVE.encode(experiments.GET, experiment, request())
    packed = NATIVE.encode(experiments.GET, experiment, request(accept="text/html, application/msgpack;q=0.9"))
    assert (as_json.content_type, packed.content_type) == (JSON, MSGPACK)
    assert msgspec.json.decode(as_json.body) == msgspec.msgpack.decode(packed.body)
    assert NATIVE.decode_response(experiments.GET, as_json.content_type, as_json.body) == experiment
    assert NATIVE.decode_response(experiments.GET, packed.content_type, packed.body) == experiment


def test_read_only_mappings_are_answered() -> None:
    experiment = Experiment("1", "a", "uri", Lifecycle.ACTIVE, 1, 2, MappingProxyType({"k": "v"}))
    assert msgspec.json.decode(NATIVE.encode(experiments.GET, experiment, request()).body)["tags"] == {"k": "v"}


def test_none_is_an_empty_answer() -> None:
    assert NATIVE.encode(experiments.DELETE, None, request()).body == b"{}"


@given(st.binary(), st.floats(allow_nan=True))
def test_messagepack_is_exact(data: bytes, value: float) -> None:
    batch = runs.RunBatch("r", series={"m": runs.SeriesPoints(data, data, data)})
    call = NATIVE.encode_request(runs.LOG, runs.LogBatches([batch]))
    assert NATIVE.decode(runs.LOG, arrived(runs.LOG, call)).batches[0].series == batch.series
    summary = runs.SummaryBody(value, 1, 2, None, None, 1)
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(summary), type=runs.SummaryBody)
    assert math.copysign(1, float(again.last)) == math.copysign(1, value) or math.isnan(value)


@pytest.mark.parametrize("accept", [JSON, MSGPACK])
def test_errors_come_back_as_they_were(accept: str) -> None:
    answer = NATIVE.encode_error(NotFound("No run 'x'. Check the id."), request(accept=accept))
    error = NATIVE.decode_error(answer.status, answer.content_type, answer.body)
    assert answer.status == 404
    assert answer.content_type == accept
    assert type(error) is NotFound
    assert error.message == "No run 'x'. Check the id."


@pytest.mark.parametrize("accept", [JSON, MSGPACK])
def test_a_bad_filter_comes_back_with_its_place(accept: str) -> None:
    mistake = FilterMistake("loss >", 0, 4, "Runs have no attribute 'loss'.", ("run_id",))
    refused = BadFilter("Runs have no attribute 'loss'.\n  loss >\n  ^", mistake)
    answer = NATIVE.encode_error(refused, request(accept=accept))
    error = NATIVE.decode_error(answer.status, answer.content_type, answer.body)
    assert type(error) is BadFilter
    assert error.mistake == mistake
    assert error.message == refused.message


def test_an_error_of_something_else_is_quoted() -> None:
    error = NATIVE.decode_error(502, "text/html", b"<html>Bad gateway</html>")
    assert isinstance(error, Unavailable)
    assert "502" in error.message
    assert "Bad gateway" in error.message


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[1]", b""])
def test_an_answer_of_something_else_is_refused(body: bytes) -> None:
    with pytest.raises(Unavailable, match="is not what a Treering server gives"):
        NATIVE.decode_response(experiments.GET, "text/html", body)


def test_a_path_field_that_the_request_lacks_is_refused() -> None:
    wrong = Endpoint("wrong", "GET", "/x/{missing}", Empty, Empty, Permission.OPEN)
    with pytest.raises(ValueError, match="missing"):
        NATIVE.decode(wrong, request())
