"""Compile the model in a folder, as bundles are when they are built; needs the extra `onnx`."""

from __future__ import annotations

import sys
from pathlib import Path

from treering.models.compiled import COMPILERS
from treering.models.flavours.base import LoadOptions

if __name__ == "__main__":
    outcome = COMPILERS.load("onnx")(Path(sys.argv[1]), LoadOptions(allow_code=True))
    print(outcome)
    if not (Path(sys.argv[1]) / "compiled").is_dir():
        sys.exit(f"It was not compiled: {outcome}")
