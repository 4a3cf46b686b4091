"""Triton's gRPC client, and what a tool such as grpcurl does: it asks for the description and calls by it."""

import sys
import threading

import grpc
import numpy as np
import tritonclient.grpc as triton
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient.utils import InferenceServerException

address, name = sys.argv[1], sys.argv[2]
client = triton.InferenceServerClient(address)
assert client.is_server_live()
assert client.is_server_ready()
assert client.is_model_ready(name)
assert client.get_server_metadata().name
told = client.get_model_metadata(name)
assert told.name == name
takes, gives = told.inputs[0], told.outputs[0]
assert takes.datatype == "FP64"
assert list(takes.shape) == [-1, 4]

rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]])
right = [0, 2, 1]


def tensor(values, datatype="FP64"):
    made = triton.InferInput(takes.name, list(values.shape), datatype)
    made.set_data_from_numpy(values)
    return made


answer = client.infer(name, [tensor(rows)], request_id="r-2")
assert answer.as_numpy(gives.name).tolist() == right
assert answer.get_response().id == "r-2"
answer = client.infer(name, [tensor(rows)], outputs=[triton.InferRequestedOutput(gives.name)])
assert answer.as_numpy(gives.name).tolist() == right
answer = client.infer(name, [tensor(rows.astype(np.float32), "FP32")], model_version=told.versions[-1])
assert answer.as_numpy(gives.name).tolist() == right

done, found = threading.Event(), []


def heard(result, error):
    found.append(error or result.as_numpy(gives.name).tolist())
    if len(found) == 20:
        done.set()


for _ in range(20):
    client.async_infer(name, [tensor(rows)], heard)
assert done.wait(60)
assert found == [right] * 20, found

for bad_name, values, code in (
    ("no such model", rows, "StatusCode.NOT_FOUND"),
    (name, rows[:, :2], "StatusCode.INVALID_ARGUMENT"),
):
    try:
        client.infer(bad_name, [tensor(values)])
    except InferenceServerException as error:
        assert error.status() == code, error
    else:
        raise AssertionError(f"{bad_name} answered")
client.close()

# By reflection alone, with numbers in their typed fields.
channel = grpc.insecure_channel(address)
database = ProtoReflectionDescriptorDatabase(channel)
services = set(database.get_services())
assert {"inference.GRPCInferenceService", "grpc.health.v1.Health"} <= services, services
pool = DescriptorPool(database)
method = pool.FindServiceByName("inference.GRPCInferenceService").FindMethodByName("ModelInfer")
request = ParseDict(
    {
        "modelName": name,
        "inputs": [
            {
                "name": takes.name,
                "datatype": "FP64",
                "shape": [3, 4],
                "contents": {"fp64Contents": rows.ravel().tolist()},
            }
        ],
    },
    GetMessageClass(method.input_type)(),
)
call = channel.unary_unary(
    "/inference.GRPCInferenceService/ModelInfer",
    request_serializer=lambda one: one.SerializeToString(),
    response_deserializer=GetMessageClass(method.output_type).FromString,
)
answer = call(request, timeout=60)
told = MessageToDict(answer)
assert told["modelName"] == name
output = answer.outputs[0]
labels = list(output.contents.int64_contents) or np.frombuffer(answer.raw_output_contents[0], "<i8").tolist()
assert labels == right, told

health = pool.FindServiceByName("grpc.health.v1.Health").FindMethodByName("Check")
check = channel.unary_unary(
    "/grpc.health.v1.Health/Check",
    request_serializer=lambda one: one.SerializeToString(),
    response_deserializer=GetMessageClass(health.output_type).FromString,
)
assert check(GetMessageClass(health.input_type)(), timeout=60).status == 1
channel.close()
print("all is well")
