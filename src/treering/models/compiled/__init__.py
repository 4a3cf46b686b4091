"""Models compiled when they are packed, so that they answer in microseconds and without their framework.

    native model ──convert──▶ ONNX ──parity: example and random rows──▶ compiled/ in the model's folder
                                            │ fails: nothing is written, and the native model serves

Whoever loads a folder with `compiled/` asks the compiled model, as long as the native
one's file is the one that it was made of; for everything but predictions, and for data
that it was not proven on, the framework is loaded as ever.

record    what stands in compiled/ beside the model
making    converts, proves and writes; needs the extra `onnx`
converters  one file a framework
parity    random rows, and how answers are compared
opening   how a compiled model is asked
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from treering.core.plugins import Registry
from treering.models.compiled.record import Outcome
from treering.models.load_options import LoadOptions

__all__ = ["COMPILERS", "Compile"]

Compile = Callable[[Path, LoadOptions], Outcome]
"""Compiles the model in a folder, into that folder."""

COMPILERS: Registry[Compile] = Registry(
    "treering.model_compilers",
    "way to compile models",
    {"onnx": "treering.models.compiled.making:compile_model"},
    extras={"onnx": "onnx"},
)
