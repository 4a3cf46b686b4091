"""Files of parameters and metrics: one parser a format, reached through a table by the end of the file's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from treering.core.errors import InvalidInput
from treering.core.plugins import Registry

__all__ = ["FORMATS", "parse"]

# Each row is called with the text and the name that messages give the file.
FORMATS: Registry[Callable[[str, str], Any]] = Registry(
    "treering.parameter_formats",
    "format of parameters",
    {
        "json": "treering.pipelines.formats.json_files:parse",
        "py": "treering.pipelines.formats.python_files:parse",
        "toml": "treering.pipelines.formats.toml_files:parse",
        "yaml": "treering.pipelines.formats.yaml_files:parse",
        "yml": "treering.pipelines.formats.yaml_files:parse",
    },
)


def parse(text: str, name: str) -> Any:
    """What stands in a file of parameters or metrics; an end that no format has is read as YAML, as DVC does.

    Raises:
        InvalidInput: If the text is not of that format; the message names file and line.
    """
    end = name.rpartition("/")[2].rpartition(".")[2].lower()
    row = end if end in FORMATS.builtins or (end not in _COMMON and end in FORMATS) else "yaml"
    try:
        return FORMATS.load(row)(text, name)
    except (RecursionError, MemoryError) as error:
        msg = f"{name} is nested too deeply to be read. Make it flatter."
        raise InvalidInput(msg) from error


# So that a file without an end known to us does not cost a look at all installed packages.
_COMMON = frozenset({"", "cfg", "conf", "csv", "dvc", "ini", "lock", "txt"})
