"""The life of ONNX graphs."""

import life
import numpy as np
import onnxruntime
from suite_onnx import ROWS, WEIGHTS, line, two


def asked(graph):
    return {"y": onnxruntime.InferenceSession(graph.SerializeToString()).run(None, {"x": ROWS})[0]}


def test_they_live_here_and_in_mlflow(tmp_path):
    both = {"left": ROWS, "right": np.ones_like(ROWS)}
    life.live(
        tmp_path,
        life.Case("line", "onnx", line(), ROWS, {"y": ROWS @ WEIGHTS}, native=asked),
        life.Case("two", "onnx", two(), both, {"sum": ROWS + 1, "gap": ROWS - 1}, served=True),
    )
