"""The Open Inference Protocol over gRPC, health and reflection, asked by a plain client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import HostFront

grpc = pytest.importorskip("grpc")

from treering.serving.grpc.definitions import message  # noqa: E402 -- needs the extra

ROWS = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.fixture
def front(folders: Path) -> HostFront:
    return HostFront(array=folders / "array", table=folders / "table", bare=folders / "bare")


@pytest.fixture
def ask(front: HostFront, listen: Callable[[Any], str]) -> Iterator[Callable[..., Any]]:
    """Call a method by its name; an iterator is sent as a stream."""
    with grpc.insecure_channel(listen(front)) as channel:

        def call(
            name: str, request: Any, answer: str, service: str = "inference.GRPCInferenceService", **more: Any
        ) -> Any:
            stream = "stream" if isinstance(request, Iterator) else "unary"
            many = "stream" if stream == "stream" or name == "Watch" else "unary"
            method = getattr(channel, f"{stream}_{many}")(
                f"/{service}/{name}",
                request_serializer=lambda one: one.SerializeToString(),
                response_deserializer=message(answer).FromString,
            )
            return method(request, timeout=30, **more)

        yield call


def infer(model: str, *, name: str = "x", version: str = "", shape: Any = (2, 2), datatype: str = "FP64") -> Any:
    request = message("inference.ModelInferRequest")(model_name=model, model_version=version, id="q-1")
    request.inputs.add(name=name, datatype=datatype, shape=shape)
    return request


def test_tensors_raw_and_typed(ask: Any, front: HostFront):
    raw, typed = infer("array"), infer("array", version="1")
    raw.raw_input_contents.append(ROWS.tobytes())
    typed.inputs[0].contents.fp64_contents.extend(ROWS.ravel())
    for request in (raw, typed):
        answer = ask("ModelInfer", request, "inference.ModelInferResponse")
        assert (answer.model_name, answer.model_version, answer.id) == ("array", "1", "q-1")
        (output,) = answer.outputs
        assert (output.name, output.datatype, list(output.shape)) == ("output-0", "INT64", [2])
        assert np.frombuffer(answer.raw_output_contents[0], "<i8").tolist() == [0, 1]
    assert front.asked[0].request_id == b"q-1"


@pytest.mark.parametrize(
    ("datatype", "field", "values"),
    [
        ("BOOL", "bool_contents", [True, False]),
        ("INT8", "int_contents", [-128, 127]),
        ("INT16", "int_contents", [-5, 5]),
        ("INT32", "int_contents", [-5, 5]),
        ("INT64", "int64_contents", [-(2**63), 5]),
        ("UINT8", "uint_contents", [0, 255]),
        ("UINT16", "uint_contents", [0, 65535]),
        ("UINT32", "uint_contents", [0, 5]),
        ("UINT64", "uint64_contents", [0, 2**64 - 1]),
        ("FP32", "fp32_contents", [0.5, -1.5]),
        ("FP64", "fp64_contents", [0.1, 1e300]),
    ],
)
def test_every_type_of_list_comes_back(ask: Any, datatype: str, field: str, values: Any):
    request = infer("bare", shape=[2], datatype=datatype)
    getattr(request.inputs[0].contents, field).extend(values)
    answer = ask("ModelInfer", request, "inference.ModelInferResponse")
    kinds = {"BOOL": "?", "FP32": "<f4", "FP64": "<f8"}
    kind = kinds.get(datatype) or f"<{'u' if datatype[0] == 'U' else 'i'}{int(datatype.lstrip('UINT')) // 8}"
    assert answer.outputs[0].datatype == datatype
    assert np.frombuffer(answer.raw_output_contents[0], kind).tolist() == values


def test_texts_come_back(ask: Any):
    request = infer("bare", shape=[2], datatype="BYTES")
    request.inputs[0].contents.bytes_contents.extend([b"a", "ä".encode()])
    answer = ask("ModelInfer", request, "inference.ModelInferResponse")
    assert answer.raw_output_contents[0] == b"\x01\0\0\0a\x02\0\0\0" + "ä".encode()


def test_outputs_that_were_asked_for_and_parameters_that_are_the_protocols(ask: Any):
    request = infer("array")
    request.raw_input_contents.append(ROWS.tobytes())
    request.outputs.add(name="output-0")
    request.parameters["binary_data_output"].bool_param = False
    assert len(ask("ModelInfer", request, "inference.ModelInferResponse").raw_output_contents) == 1
    request.outputs.add(name="nope")
    with pytest.raises(grpc.RpcError, match="'nope'"):
        ask("ModelInfer", request, "inference.ModelInferResponse")


def wrong(change: Callable[[Any], Any], **more: Any) -> Any:
    request = infer("array", **more)
    request.raw_input_contents.append(ROWS.tobytes())
    change(request)
    return request


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (wrong(lambda one: setattr(one, "model_name", "nope")), "NOT_FOUND", "/v2/models/nope"),
        (wrong(lambda one: setattr(one, "model_version", "9")), "NOT_FOUND", "/versions/9"),
        (
            wrong(lambda one: one.raw_input_contents.append(b"")),
            "INVALID_ARGUMENT",
            "1 inputs and 2 raw_input_contents",
        ),
        (
            wrong(lambda one: one.inputs[0].contents.fp64_contents.append(1)),
            "INVALID_ARGUMENT",
            "typed contents for ['x']",
        ),
        (wrong(repr, shape=[3, 2]), "INVALID_ARGUMENT", "'x' of shape [3, 2] needs 48 bytes"),
        (wrong(repr, shape=[-1, 2]), "INVALID_ARGUMENT", "shape"),
        (wrong(repr, datatype="FP99"), "INVALID_ARGUMENT", "FP99"),
        (wrong(lambda one: one.inputs.pop()), "INVALID_ARGUMENT", "0 inputs"),
        (wrong(lambda one: one.raw_input_contents.pop()), "INVALID_ARGUMENT", "has 0"),
    ],
)
def test_what_is_wrong_has_a_status_and_a_message(ask: Any, request_: Any, code: str, words: str):
    with pytest.raises(grpc.RpcError) as told:
        ask("ModelInfer", request_, "inference.ModelInferResponse")
    assert told.value.code() == getattr(grpc.StatusCode, code)
    assert words in told.value.details()


def test_lists_of_another_type_are_told(ask: Any):
    for datatype, field, value in (("INT8", "int_contents", 300), ("FP64", "fp32_contents", 1.0), ("FP16", "fp32_contents", 1.0)):  # fmt: skip
        request = infer("bare", shape=[1], datatype=datatype)
        getattr(request.inputs[0].contents, field).append(value)
        with pytest.raises(grpc.RpcError, match="'x'"):
            ask("ModelInfer", request, "inference.ModelInferResponse")


def test_noise_is_refused_and_harms_nobody(ask: Any):
    class Noise:
        def SerializeToString(self) -> bytes:  # noqa: N802 -- as a message has it
            return b"\xff\xff\xff"

    with pytest.raises(grpc.RpcError) as told:
        ask("ModelInfer", Noise(), "inference.ModelInferResponse")
    assert told.value.code() in {grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNKNOWN}
    assert ask("ServerLive", message("inference.ServerLiveRequest")(), "inference.ServerLiveResponse").live


def test_metadata_reaches_the_front(ask: Any, front: HostFront):
    request = infer("array")
    request.raw_input_contents.append(ROWS.tobytes())
    given = (("x-request-id", "mine"), ("x-treering-key", "user-7"), ("x-treering-variant", "v1"))
    ask("ModelInfer", request, "inference.ModelInferResponse", metadata=given)
    asked = front.asked[-1]
    assert (asked.request_id, asked.key, asked.variant) == (b"mine", b"user-7", b"v1")
    ask("ModelInfer", request, "inference.ModelInferResponse", metadata=(("x-request-id", "a b"),))
    assert front.asked[-1].request_id == b""


def test_a_stream_goes_on_after_a_request_that_failed(ask: Any):
    good, bad = infer("array"), infer("nope")
    for request in (good, bad):
        request.raw_input_contents.append(ROWS.tobytes())
    answers = list(ask("ModelStreamInfer", iter([good, bad, good]), "inference.ModelStreamInferResponse"))
    assert [bool(one.error_message) for one in answers] == [False, True, False]
    assert len(answers[2].infer_response.raw_output_contents) == 1


def test_the_server_and_its_models_are_described(ask: Any, front: HostFront):
    assert ask("ServerLive", message("inference.ServerLiveRequest")(), "inference.ServerLiveResponse").live
    assert ask("ServerReady", message("inference.ServerReadyRequest")(), "inference.ServerReadyResponse").ready
    assert ask("ServerMetadata", message("inference.ServerMetadataRequest")(), "inference.ServerMetadataResponse").name
    request = message("inference.ModelMetadataRequest")(name="table")
    told = ask("ModelMetadata", request, "inference.ModelMetadataResponse")
    assert (told.name, list(told.versions), told.platform) == ("table", ["1"], "treering_sklearn")
    assert [(one.name, one.datatype, list(one.shape)) for one in told.inputs] == [
        ("a", "FP64", [-1]),
        ("b", "FP64", [-1]),
    ]
    request = message("inference.ModelReadyRequest")(name="table", version="1")
    assert ask("ModelReady", request, "inference.ModelReadyResponse").ready
    with pytest.raises(grpc.RpcError, match="Known ones: array, bare, table"):
        ask("ModelReady", message("inference.ModelReadyRequest")(name="x"), "inference.ModelReadyResponse")
    index = ask("RepositoryIndex", message("inference.RepositoryIndexRequest")(), "inference.RepositoryIndexResponse")
    assert {(one.name, one.state) for one in index.models} == {
        ("array", "READY"),
        ("bare", "READY"),
        ("table", "READY"),
    }
    front.is_ready = False
    assert not ask("ServerReady", message("inference.ServerReadyRequest")(), "inference.ServerReadyResponse").ready


def test_probes(ask: Any, front: HostFront):
    def check(service: str) -> Any:
        request = message("grpc.health.v1.HealthCheckRequest")(service=service)
        return ask("Check", request, "grpc.health.v1.HealthCheckResponse", "grpc.health.v1.Health").status

    assert check("") == check("inference.GRPCInferenceService") == check("array") == 1
    with pytest.raises(grpc.RpcError) as told:
        check("nope")
    assert told.value.code() == grpc.StatusCode.NOT_FOUND
    request = message("grpc.health.v1.HealthCheckRequest")()
    watch = ask("Watch", request, "grpc.health.v1.HealthCheckResponse", "grpc.health.v1.Health")
    assert next(watch).status == 1
    front.is_ready = False
    assert next(watch).status == 2
    watch.cancel()
    assert check("") == 2


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_tools_find_out_what_there_is(ask: Any, version: str):
    package = f"grpc.reflection.{version}"

    def question(**given: str) -> Any:
        request = message(f"{package}.ServerReflectionRequest")(**given)
        answers = ask(
            "ServerReflectionInfo",
            iter([request]),
            f"{package}.ServerReflectionResponse",
            f"{package}.ServerReflection",
        )
        return next(answers)

    names = {one.name for one in question(list_services="").list_services_response.service}
    assert names >= {"inference.GRPCInferenceService", "grpc.health.v1.Health", f"{package}.ServerReflection"}
    from google.protobuf import descriptor_pb2  # noqa: PLC0415 -- needs the extra

    for symbol in ("inference.GRPCInferenceService", "inference.ModelInferRequest.InferInputTensor", "inference.GRPCInferenceService.ModelInfer"):  # fmt: skip
        (text,) = question(file_containing_symbol=symbol).file_descriptor_response.file_descriptor_proto
        file = descriptor_pb2.FileDescriptorProto.FromString(text)
        assert file.package == "inference"
        assert question(file_by_filename=file.name).file_descriptor_response.file_descriptor_proto[0] == text
    assert question(file_containing_symbol="nope").error_response.error_code == 5
    assert question(file_by_filename="nope").error_response.error_message
    assert question(all_extension_numbers_of_type="nope").error_response.error_code == 5


def test_a_port_in_use_is_told(listen: Callable[[Any], str], front: HostFront):
    import asyncio  # noqa: PLC0415 -- only here

    from treering.core.errors import Unavailable  # noqa: PLC0415 -- only here
    from treering.serving.grpc.server import start  # noqa: PLC0415 -- needs the extra

    port = int(listen(front).rpartition(":")[2])
    with pytest.raises(Unavailable, match="in use"):
        asyncio.run(start(front, "127.0.0.1", port))
