"""CatBoost, which writes ONNX itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import catboost
import onnx

from treering.models.compiled.converters import Attempt, Unconvertible
from treering.models.compiled.record import Column

__all__ = ["convert"]

_INPUT = "features"


def convert(model: Any, columns: tuple[Column, ...], method: str) -> Iterator[Attempt]:
    """See `Convert`."""
    del method  # all outputs are tried
    if len(columns) != 1:
        msg = "its columns are not all numbers"
        raise Unconvertible(msg)
    with tempfile.TemporaryDirectory(prefix="treering-onnx-") as folder:
        path = Path(folder) / "model.onnx"
        try:
            model.save_model(str(path), format="onnx", export_parameters={"onnx_graph_name": "treering"})
        except catboost.CatBoostError as error:
            raise Unconvertible(str(error).strip().partition("\n")[0][:200]) from error
        proto = onnx.load(path)
    _plain_maps(proto)
    yield Attempt(proto, (replace(columns[0], dtype="float32", input=_INPUT),))


def _plain_maps(proto: Any) -> None:
    """Take away the last step that makes a dictionary for each row of probabilities."""
    for node in [one for one in proto.graph.node if one.op_type == "ZipMap"]:
        for output in [one for one in proto.graph.output if one.name == node.output[0]]:
            proto.graph.output.remove(output)
        kind = onnx.TensorProto.FLOAT
        proto.graph.output.append(onnx.helper.make_tensor_value_info(node.input[0], kind, [None, None]))
        proto.graph.node.remove(node)
