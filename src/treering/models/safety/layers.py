"""What the description of a Keras model holds that is code, looked at without Keras.

Keras itself refuses most of it, and its releases differ in what they refuse.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["LONGEST_MARK", "code_in", "has_code_in_text"]

# Layers whose description holds a function or a pickle.
_WITH_CODE = {"Lambda", "TorchModuleWrapper", "__lambda__"}
LONGEST_MARK = 128
"""More bytes than what `has_code_in_text` looks for takes; whoever reads by blocks keeps so many of the last one."""
# The name may be written with blanks or escapes that JSON does not need, and that no honest file has.
_IN_TEXT = re.compile(
    rb'"class_name"\s{0,20}:\s{0,20}"(?:[^"\\]{0,40}>)?(?:Lambda|TorchModuleWrapper|__lambda__)"'
    rb"|\\u00(?:[2-6][0-9a-fA-F]|7[0-9a-eA-E])"
)


def code_in(described: Any) -> str:
    """The first layer in a description, parsed from JSON, that holds code; "" if there is none."""
    pending = [described]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            # A registered class stands behind the package that registered it.
            names = [str(one.get(key, "")).rpartition(">")[2] for key in ("class_name", "registered_name")]
            if found := _WITH_CODE.intersection(names):
                return f"keras.layers.{found.pop()}"
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return ""


def has_code_in_text(text: bytes) -> bool:
    """The same of JSON that stands somewhere among other bytes, as in files of HDF5."""
    return _IN_TEXT.search(text) is not None
