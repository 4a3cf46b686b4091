"""An ONNX graph, led through its life."""

import life
import numpy as np
import onnxruntime
from suite_onnx import ROWS, WEIGHTS, line, two

import treering


def asked(graph):
    return {"y": onnxruntime.InferenceSession(graph.SerializeToString()).run(None, {"x": ROWS})[0]}


life.live("onnx", line(), ROWS, {"y": ROWS @ WEIGHTS}, theirs={}, native=asked)
both = {"left": ROWS, "right": np.ones_like(ROWS)}
life.live("onnx", two(), both, {"sum": ROWS + 1, "gap": ROWS - 1}, kind="two", theirs={})
assert treering.onnx.load_model("ours-onnx") == line()
life.finish()
