"""Triton's HTTP client: what it is told of the server, and tensors in JSON, in binary, compressed, several at once."""

import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

client = triton.InferenceServerClient(sys.argv[1].removeprefix("http://"), concurrency=4)
name = sys.argv[2]

assert client.is_server_live()
assert client.is_server_ready()
assert client.is_model_ready(name)
assert not client.is_model_ready("no such model")
server = client.get_server_metadata()
assert server["name"]
assert "binary_tensor_data" in server["extensions"]
told = client.get_model_metadata(name)
assert told["name"] == name
version = told["versions"][-1]
assert client.is_model_ready(name, version)
takes, gives = told["inputs"][0], told["outputs"][0]
assert takes["datatype"] == "FP64"
assert list(takes["shape"]) == [-1, 4]

rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]])
right = [0, 2, 1]


def tensor(values, *, binary, datatype="FP64"):
    made = triton.InferInput(takes["name"], list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


for binary in (False, True):
    for wanted in (
        None,
        [triton.InferRequestedOutput(gives["name"], binary_data=False)],
        [triton.InferRequestedOutput(gives["name"], binary_data=True)],
    ):
        answer = client.infer(name, [tensor(rows, binary=binary)], outputs=wanted, request_id="r-1")
        assert answer.as_numpy(gives["name"]).tolist() == right, (binary, wanted)
        assert answer.get_response()["id"] == "r-1"
        assert answer.get_response()["model_name"] == name

answer = client.infer(name, [tensor(rows, binary=True)], model_version=version)
assert answer.as_numpy(gives["name"]).tolist() == right
assert answer.get_response()["model_version"] == version

# Narrower numbers are what the model can use; numpy makes them what it was trained with.
answer = client.infer(name, [tensor(rows.astype(np.float32), binary=True, datatype="FP32")])
assert answer.as_numpy(gives["name"]).tolist() == right

pending = [client.async_infer(name, [tensor(rows[at % 3 : at % 3 + 1], binary=True)]) for at in range(40)]
assert [one.get_result().as_numpy(gives["name"])[0] for one in pending] == [right[at % 3] for at in range(40)]

for coding in ("gzip", "deflate"):
    answer = client.infer(name, [tensor(rows, binary=True)], response_compression_algorithm=coding)
    assert answer.as_numpy(gives["name"]).tolist() == right

try:
    client.infer(name, [tensor(rows[:, :2], binary=True)])
except InferenceServerException as error:
    assert "shape" in str(error), error
else:
    raise AssertionError("a tensor of the wrong shape was taken")
try:
    client.infer("no such model", [tensor(rows, binary=True)])
except InferenceServerException as error:
    assert "no such model" in str(error), error
else:
    raise AssertionError("a model that is not there answered")

assert name in [one["name"] for one in client.get_model_repository_index()]
client.close()
print("all is well")
