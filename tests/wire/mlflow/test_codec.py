from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treering.core.errors import InvalidInput, MalformedRequest, NotFound, StorageFull, TooLarge
from treering.entities.lifecycle import RunStatus, View
from treering.wire.dialect import RawRequest
from treering.wire.endpoint import Empty, Endpoint
from treering.wire.mlflow import artifacts, experiments, logged_models, metrics, model_versions, runs
from treering.wire.mlflow.codec import MlflowDialect

DIALECT = MlflowDialect()
JSON = {"content-type": "application/json; charset=utf-8"}


def ask(endpoint: Endpoint[Any, Any], body: bytes | object = b"", **rest: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return DIALECT.decode(
        endpoint, RawRequest(rest.get("path", {}), rest.get("query", {}), rest.get("headers", JSON), raw)
    )


def raw() -> RawRequest:
    return RawRequest({}, {}, JSON, b"")


METRIC = {"run_id": "r", "key": "k", "value": 0.5, "timestamp": 1, "step": 2}


class TestBodies:
    def test_reads_a_message(self) -> None:
        asked = ask(runs.LOG_METRIC, METRIC)
        assert (asked.run_id, asked.key, asked.value, asked.timestamp, asked.step) == ("r", "k", 0.5, 1, 2)

    @pytest.mark.parametrize("token", ["NaN", '"NaN"'])
    def test_reads_nan_as_word_and_as_token(self, token: str) -> None:
        body = b'{"run_id":"r","key":"k","timestamp":1,"value":%s}' % token.encode()
        assert math.isnan(ask(runs.LOG_METRIC, body).value)

    @pytest.mark.parametrize("token", ["-Infinity", '"-Infinity"'])
    def test_reads_infinity_as_word_and_as_token(self, token: str) -> None:
        body = b'{"run_id":"r","key":"k","timestamp":1,"value":%s}' % token.encode()
        assert ask(runs.LOG_METRIC, body).value == -math.inf

    def test_reads_whole_numbers_written_as_strings(self) -> None:
        asked = ask(runs.LOG_METRIC, METRIC | {"timestamp": "1700000000000", "step": "-3", "value": "1e-3"})
        assert (asked.timestamp, asked.step, asked.value) == (1700000000000, -3, 0.001)

    def test_reads_true_as_one(self) -> None:
        assert ask(runs.LOG_METRIC, METRIC | {"value": True}).value == 1.0

    def test_reads_camel_case_at_every_depth(self) -> None:
        asked = ask(runs.LOG_INPUTS, {
            "runId": "r",
            "datasets": [{"dataset": {"name": "n", "digest": "d", "sourceType": "local", "source": "{}"}}],
            "models": [{"modelId": "m"}],
        })  # fmt: skip
        assert asked.run_id == "r"
        assert asked.datasets[0].dataset.source_type == "local"
        assert asked.models[0].model_id == "m"

    def test_refuses_both_spellings_at_once(self) -> None:
        with pytest.raises(InvalidInput, match="given twice"):
            ask(runs.LOG_METRIC, METRIC | {"runId": "r"})

    def test_passes_over_unknown_fields(self) -> None:
        assert ask(runs.RESTORE, {"run_id": "r", "colour": {"a": [1]}, "newThing": None}).run_id == "r"

    def test_null_is_the_same_as_absent(self) -> None:
        asked = ask(runs.SEARCH, {"experiment_ids": None, "filter": None, "max_results": None})
        assert (asked.experiment_ids, asked.filter, asked.max_results) == ((), "", 1000)

    def test_decodes_json_inside_a_json_string(self) -> None:
        assert ask(runs.RESTORE, json.dumps(json.dumps({"run_id": "r"})).encode()).run_id == "r"

    def test_reads_enums_by_name_and_by_number(self) -> None:
        assert ask(runs.UPDATE, {"run_id": "r", "status": "FAILED"}).status is RunStatus.FAILED
        assert ask(runs.UPDATE, {"run_id": "r", "status": 4}).status is RunStatus.FAILED
        assert ask(runs.SEARCH, {"run_view_type": 3}).run_view_type is View.ALL
        finalized = ask(logged_models.FINALIZE, {"status": 2}, path={"model_id": "m"})
        assert finalized.status is logged_models.WireStatus.READY

    def test_reads_a_version_written_as_a_number(self) -> None:
        assert ask(model_versions.SET_TAG, {"name": "n", "version": 3, "key": "k", "value": "v"}).version == "3"

    def test_path_wins_over_body(self) -> None:
        assert ask(logged_models.SET_TAGS, {"model_id": "other"}, path={"model_id": "m"}).model_id == "m"

    def test_delete_reads_body_or_query(self) -> None:
        assert ask(model_versions.DELETE, {"name": "n", "version": "1"}, headers={}).name == "n"
        assert ask(model_versions.DELETE, query={"name": ["n"], "version": ["1"]}, headers={}).version == "1"

    def test_long_words_of_mixed_case_are_read_at_once(self) -> None:
        # A pattern that looks for camelCase may try each way of cutting such a word: this would never end.
        token = "eyJkIjoiY2E0YjRiODdhNDg0NjExYSIsInYiOlsicGFnZSAyIiwxNzk1MjMzMTQ2MjU4LDNdfQ" * 50
        assert ask(runs.SEARCH, {"page_token": token}).page_token == token


class TestQueries:
    def test_reads_repeated_keys_as_lists(self) -> None:
        asked = ask(metrics.GET_HISTORY_BULK, query={"run_id": ["a", "b"], "metric_key": ["loss"]})
        assert asked.run_id == ("a", "b")

    def test_reads_numbers_and_booleans(self) -> None:
        asked = ask(metrics.GET_HISTORY, query={"run_id": ["a"], "metric_key": ["k"], "max_results": ["25000"]})
        assert asked.max_results == 25000
        asked = ask(logged_models.GET, path={"model_id": "m"}, query={"allow_deleted": ["true"]})
        assert asked.allow_deleted is True

    def test_get_without_query_reads_a_body(self) -> None:
        assert ask(runs.GET, {"run_uuid": "r"}, headers={}).run_uuid == "r"

    def test_get_with_query_passes_over_the_body(self) -> None:
        assert ask(runs.GET, b"not json", query={"run_id": ["r"]}).run_id == "r"

    def test_get_of_nothing_at_all(self) -> None:
        assert ask(artifacts.PROXY_LIST, headers={}).path == ""


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "parameter"),
        [
            ({"key": None}, "key"),
            ({"key": ""}, "key"),
            ({"value": None}, "value"),
            ({"timestamp": None}, "timestamp"),
        ],
    )
    def test_names_the_missing_field(self, change: dict[str, Any], parameter: str) -> None:
        with pytest.raises(InvalidInput, match=f"^Missing value for required parameter '{parameter}'"):
            ask(runs.LOG_METRIC, METRIC | change)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("step", 1.5),
            ("step", "one"),
            ("step", 2**63),
            ("timestamp", [1]),
            ("value", "fast"),
            ("value", {}),
            ("key", ["k"]),
            ("key", "\ud800"),
        ],
    )
    def test_names_the_field_of_the_wrong_type(self, field: str, value: Any) -> None:
        with pytest.raises(InvalidInput, match=rf"^Invalid value .* for parameter '{field}' supplied: "):
            ask(runs.LOG_METRIC, METRIC | {field: value})

    def test_names_the_place_in_a_list(self) -> None:
        points = [METRIC, METRIC | {"value": "fast"}]
        with pytest.raises(InvalidInput, match=r"Invalid value fast for parameter 'metrics\[1\]\.value' supplied"):
            ask(runs.LOG_BATCH, {"run_id": "r", "metrics": points})
        with pytest.raises(InvalidInput, match=r"Missing value for required parameter 'metrics\[0\]\.key'"):
            ask(runs.LOG_BATCH, {"run_id": "r", "metrics": [{}]})

    @pytest.mark.parametrize("value", ["abc", {"key": "k"}, 3])
    def test_refuses_what_is_no_list(self, value: Any) -> None:
        with pytest.raises(InvalidInput, match="for parameter 'metrics' supplied: Expected a list"):
            ask(runs.LOG_BATCH, {"run_id": "r", "metrics": value})

    def test_refuses_an_unknown_enum(self) -> None:
        with pytest.raises(InvalidInput, match="Invalid value DONE for parameter 'status' supplied"):
            ask(runs.UPDATE, {"run_id": "r", "status": "DONE"})
        with pytest.raises(InvalidInput, match="Invalid value 9 for parameter 'status' supplied"):
            ask(runs.UPDATE, {"run_id": "r", "status": 9})

    @pytest.mark.parametrize("body", [b"{", b"nonsense", b"[1]", b"3", b'"text"', b"\xff\xfe{", b"[" * 100_000])
    def test_refuses_a_body_that_is_no_json_object(self, body: bytes) -> None:
        with pytest.raises(MalformedRequest, match="JSON"):
            ask(runs.RESTORE, body)

    def test_an_empty_body_lacks_its_fields(self) -> None:
        with pytest.raises(InvalidInput, match="Missing value for required parameter 'run_id'"):
            ask(runs.RESTORE, b"")

    @pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/jsonx"}])
    def test_post_must_be_marked_as_json(self, headers: dict[str, str]) -> None:
        with pytest.raises(InvalidInput, match="Content type must be one of"):
            ask(runs.RESTORE, {"run_id": "r"}, headers=headers)

    def test_a_long_value_is_quoted_in_part(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            ask(runs.LOG_METRIC, METRIC | {"value": "x" * 10_000})
        assert len(caught.value.message) < 500

    @given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["run_id", "runId", "metrics", "key", "value", "step", "params", "tags", "x"]), inner, max_size=4)))  # fmt: skip
    def test_whatever_comes_is_read_or_refused_in_words(self, body: Any) -> None:
        try:
            asked = ask(runs.LOG_BATCH, json.dumps(body).encode())
        except InvalidInput:
            return
        assert isinstance(asked, runs.LogBatchRequest)


class TestAnswers:
    def test_nothing_is_an_empty_object(self) -> None:
        answer = DIALECT.encode(runs.RESTORE, None, raw())
        assert (answer.status, answer.content_type, answer.body) == (200, "application/json", b"{}")
        assert DIALECT.encode(runs.RESTORE, Empty(), raw()).body == b"{}"

    def test_unset_is_absent_and_empty_is_present(self) -> None:
        body = json.loads(
            DIALECT.encode(
                runs.GET,
                runs.FoundRun(
                    runs.RunMessage(
                        runs.RunInfoMessage("r", "r", "", "0", "", RunStatus.RUNNING, 5, "uri", "active"),
                        runs.RunDataMessage(),
                        runs.RunInputsMessage(),
                        runs.RunOutputsMessage(),
                    )
                ),
                raw(),
            ).body
        )["run"]
        assert body["info"]["user_id"] == ""
        assert "end_time" not in body["info"]
        assert body["info"]["start_time"] == 5
        assert body["info"]["status"] == "RUNNING"
        assert (body["data"], body["inputs"], body["outputs"]) == ({}, {}, {})

    def test_zero_is_present(self) -> None:
        answer = DIALECT.encode(metrics.GET_HISTORY, metrics.MetricMessage("k", 0.0, 0, 0), raw())
        assert json.loads(answer.body) == {"key": "k", "value": 0.0, "timestamp": 0, "step": 0}

    def test_an_error_has_code_message_and_status(self) -> None:
        answer = DIALECT.encode_error(NotFound("Run with id=r not found."), raw())
        assert answer.status == 404
        assert json.loads(answer.body) == {
            "error_code": "RESOURCE_DOES_NOT_EXIST",
            "message": "Run with id=r not found.",
        }

    def test_an_error_code_that_clients_do_not_know_is_replaced(self) -> None:
        assert json.loads(DIALECT.encode_error(StorageFull("full"), raw()).body)["error_code"] == "RESOURCE_EXHAUSTED"
        answer = DIALECT.encode_error(TooLarge("long"), raw())
        assert (answer.status, json.loads(answer.body)["error_code"]) == (413, "INVALID_PARAMETER_VALUE")


def test_an_endpoint_without_fields_reads_any_body() -> None:
    endpoint = Endpoint("x", "GET", "/x", Empty, Empty, runs.GET.permission)
    assert DIALECT.decode(endpoint, RawRequest({}, {}, {}, b"?")) == Empty()


def test_experiments_search_by_query_and_body_agree() -> None:
    by_query = ask(experiments.SEARCH_BY_GET, query={"max_results": ["5"], "order_by": ["name"], "view_type": ["ALL"]})
    assert by_query == ask(experiments.SEARCH, {"maxResults": 5, "orderBy": ["name"], "viewType": "ALL"})
