"""The model behind LitServe, with its defaults; it does not group unless a timer is set, which costs single requests their time."""

from __future__ import annotations

import os
import sys
from typing import Any

import joblib
import litserve
import numpy as np


class Served(litserve.LitAPI):
    """Rows in, predictions out."""

    def setup(self, device: str) -> None:  # noqa: ARG002 -- what is called
        self.model = joblib.load(os.environ["MODEL"])

    # LitServe reads a type here as that of a parameter.
    def decode_request(self, request) -> np.ndarray:  # noqa: ANN001
        return np.array(request["inputs"])

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict(x)

    def encode_response(self, output: np.ndarray) -> dict[str, Any]:
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(Served(), accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
