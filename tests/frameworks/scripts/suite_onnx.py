"""The suite of flavours over ONNX graphs, and what is special to them."""

from __future__ import annotations

import numpy as np
import onnx
import pandas as pd
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from treering.core.errors import DamagedData, InvalidInput, PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.testing.flavours import FlavourSuite, Sample

ROWS = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
WEIGHTS = np.arange(6, dtype="float32").reshape(3, 2)


def value(name, width, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, ["rows", width])


def line():
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "line", [value("x", 3)], [value("y", 2)], [numpy_helper.from_array(WEIGHTS, "w")],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def two():
    nodes = [helper.make_node("Add", ["left", "right"], ["sum"]), helper.make_node("Sub", ["left", "right"], ["gap"])]
    graph = helper.make_graph(nodes, "two", [value("left", 3), value("right", 3)], [value("sum", 3), value("gap", 3)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


@pytest.fixture
def sample():
    return Sample(line(), ROWS, {"y": ROWS @ WEIGHTS}, ("model.onnx",))


class TestOnnx(FlavourSuite):
    flavour = "onnx"


def test_weights_may_lie_beside_the_graph(tmp_path):
    big = np.ones((3, 4000), dtype="float32")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "line", [value("x", 3)], [value("y", 4000)], [numpy_helper.from_array(big, "w")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    save("onnx", model, tmp_path / "m")
    assert len([one for one in (tmp_path / "m").iterdir() if one.stat().st_size > 40_000]) == 1
    np.testing.assert_allclose(load(tmp_path / "m").predict(ROWS)["y"], ROWS @ big, rtol=1e-6)


def test_the_graph_tells_its_signature(tmp_path):
    saved = save("onnx", two(), tmp_path / "m")
    assert [(one.name, one.shape) for one in saved.signature.inputs.tensors()] == [
        ("left", (-1, 3)),
        ("right", (-1, 3)),
    ]
    assert [one.name for one in saved.signature.outputs.tensors()] == ["sum", "gap"]


def test_several_inputs_come_by_name_or_as_columns(tmp_path):
    save("onnx", two(), tmp_path / "m")
    found = load(tmp_path / "m").predict({"left": ROWS, "right": ROWS})
    np.testing.assert_allclose(found["sum"], ROWS * 2)
    np.testing.assert_allclose(found["gap"], ROWS * 0)
    with pytest.raises(InvalidInput, match="right"):
        load(tmp_path / "m").predict({"left": ROWS})


def test_a_table_is_answered_with_a_table(tmp_path):
    save("onnx", line(), tmp_path / "m", SaveOptions(input_example=pd.DataFrame(ROWS)))
    found = load(tmp_path / "m").predict(pd.DataFrame(ROWS))
    np.testing.assert_allclose(found["y"], (ROWS @ WEIGHTS).reshape(-1), rtol=1e-6)


def test_options_of_the_session_are_kept_and_checked(tmp_path):
    options = {"onnx_session_options": {"intra_op_num_threads": 1, "execution_mode": "sequential"}}
    saved = save("onnx", line(), tmp_path / "m", SaveOptions(flavour=options))
    assert saved.flavours["onnx"]["onnx_session_options"] == options["onnx_session_options"]
    load(tmp_path / "m", LoadOptions(allow_code=False)).predict(ROWS)
    with pytest.raises(InvalidInput, match="threads"):
        save("onnx", line(), tmp_path / "n", SaveOptions(flavour={"onnx_session_options": {"threads": 1}}))


def test_a_graph_that_is_none_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="no valid ONNX"):
        save("onnx", onnx.ModelProto(), tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("place", ["../secret", "/etc/hostname"])
def test_weights_outside_of_the_model_are_refused(tmp_path, place):
    save("onnx", line(), tmp_path / "m")
    path = tmp_path / "m" / "model.onnx"
    (tmp_path / "secret").write_bytes(bytes(24))
    graph = onnx.load(str(path), load_external_data=False)
    weights = graph.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    del weights.external_data[:]
    weights.external_data.add(key="location", value=place)
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(DamagedData):
        load(tmp_path / "m")


def test_weights_of_absurd_size_are_told(tmp_path):
    save("onnx", line(), tmp_path / "m", SaveOptions(flavour={"save_as_external_data": False}))
    path = tmp_path / "m" / "model.onnx"
    graph = onnx.load(str(path))
    graph.graph.initializer[0].dims[:] = [10**6, 10**6]
    path.write_bytes(graph.SerializeToString())
    with pytest.raises(DamagedData):
        load(tmp_path / "m")


def named(tmp_path, providers):
    """A model whose MLmodel file names execution providers."""
    save("onnx", line(), tmp_path / "m")
    path = tmp_path / "m" / "MLmodel"
    found = yaml.safe_load(path.read_text())
    found["flavors"]["onnx"]["providers"] = providers
    path.write_text(yaml.safe_dump(found))
    return tmp_path / "m"


@pytest.mark.parametrize("option", ["trt_extra_plugin_lib_paths", "backend_path", "engine_cache_dir"])
def test_libraries_that_the_model_names_need_the_users_word(tmp_path, option):
    folder = named(tmp_path, [["SomeExecutionProvider", {option: "/tmp/evil.so"}], "CPUExecutionProvider"])
    with pytest.raises(PermissionDenied, match=option):
        load(folder, LoadOptions(allow_code=False))
    np.testing.assert_allclose(load(folder, LoadOptions(allow_code=True)).predict(ROWS)["y"], ROWS @ WEIGHTS)


@pytest.mark.parametrize("providers", [[{"a": 1}], [["a"]], [["a", "b"]], 7])
def test_providers_that_are_none_are_told(tmp_path, providers):
    with pytest.raises(InvalidInput, match="execution provider"):
        load(named(tmp_path, providers))
