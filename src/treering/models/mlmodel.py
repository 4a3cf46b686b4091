"""The MLmodel file: what stands in a model folder beside the model itself.

It is MLflow's format. Keys that Treering does not know are kept as they were.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import yaml

from treering.core.clock import from_millis, now
from treering.core.errors import DamagedData, NotFound
from treering.models import yaml_text
from treering.models.schema import Parameters, Schema
from treering.models.signature import Signature

__all__ = [
    "FILE_NAME",
    "HINTED",
    "MLFLOW_FORMAT",
    "PYTHON_FUNCTION",
    "MLModel",
    "inside",
    "named_files",
    "python_entry",
    "read",
    "read_text",
    "timestamp",
    "tree_inside",
    "write",
]

FILE_NAME = "MLmodel"
PYTHON_FUNCTION = "python_function"
# Set where the signature comes from the hints of a predict function, which holds its data against them itself.
HINTED = "is_signature_from_type_hint"
# The release of MLflow whose format is written; readers compare it with their own.
MLFLOW_FORMAT = "3.17.2"

_KNOWN = {
    "artifact_path",
    "flavors",
    "metadata",
    "mlflow_version",
    "model_id",
    "model_size_bytes",
    "model_uuid",
    "run_id",
    "saved_input_example_info",
    "signature",
    "utc_time_created",
}


_FILE_KEYS = {
    *("code", "data", "model_binary", "model_data", "model_path", "pickled_model", "python_model", "saved_model_dir"),
}

# An honest file is some thousand bytes.
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class MLModel:
    """The contents of an MLmodel file.

    Attributes:
        flavours: What each flavour needs to load the model again, by the flavour's name.
        example: How the input example was saved; empty if none was.
        other: Keys that are not known here, kept for writing.
    """

    flavours: Mapping[str, Mapping[str, Any]]
    artifact_path: str = ""
    run_id: str = ""
    model_id: str = ""
    model_uuid: str = ""
    created: str = ""
    size: int | None = None
    mlflow_version: str = MLFLOW_FORMAT
    signature: Signature | None = None
    example: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] | None = None
    other: Mapping[str, Any] = field(default_factory=dict)

    @property
    def python_function(self) -> Mapping[str, Any]:
        """What is needed to load the model as a Python function.

        Raises:
            NotFound: If the model has no such flavour.
        """
        if PYTHON_FUNCTION not in self.flavours:
            msg = (
                f"The model has no {PYTHON_FUNCTION!r} flavour, so it cannot be loaded for predictions."
                f" Its flavours are: {', '.join(self.flavours) or 'none'}."
            )
            raise NotFound(msg)
        return self.flavours[PYTHON_FUNCTION]

    @property
    def config(self) -> Mapping[str, Any]:
        """The configuration that the model was saved with, for loading it as a Python function.

        Raises:
            DamagedData: If it is none.
        """
        found = self.python_function.get("config") or {}
        if not isinstance(found, Mapping):
            msg = f"The MLmodel file is damaged: the model's configuration is {found!r}. Save the model again."
            raise DamagedData(msg)
        return found

    @property
    def flavors(self) -> Mapping[str, Mapping[str, Any]]:
        """`flavours`, under MLflow's name; likewise the following ones."""
        return self.flavours

    @property
    def utc_time_created(self) -> str:
        """See `flavors`."""
        return self.created

    @property
    def saved_input_example_info(self) -> Mapping[str, Any] | None:
        """See `flavors`."""
        return self.example or None

    @property
    def model_size_bytes(self) -> int | None:
        """See `flavors`."""
        return self.size

    def get_input_schema(self) -> Schema | None:
        """What the model takes, if that is known."""
        return self.signature.inputs if self.signature else None

    def get_output_schema(self) -> Schema | None:
        """What it gives, if that is known."""
        return self.signature.outputs if self.signature else None

    def get_params_schema(self) -> Parameters | None:
        """The parameters that it takes, if there are any."""
        return self.signature.params if self.signature else None

    def to_dict(self) -> dict[str, Any]:
        """As the file's YAML, and as a server keeps it."""
        known: dict[str, Any] = {
            "artifact_path": self.artifact_path or None,
            "flavors": {name: dict(entry) for name, entry in self.flavours.items()},
            "mlflow_version": self.mlflow_version,
            "model_id": self.model_id or None,
            "model_size_bytes": self.size,
            "model_uuid": self.model_uuid or None,
            "run_id": self.run_id or None,
            "saved_input_example_info": dict(self.example) or None,
            "signature": self.signature.to_dict() if self.signature else None,
            "utc_time_created": self.created or None,
            "metadata": dict(self.metadata) if self.metadata else None,
        }
        kept = {"artifact_path", "flavors", "model_uuid"}
        found = {name: value for name, value in known.items() if value is not None or name in kept}
        return dict(sorted({**self.other, **found}.items()))


def timestamp() -> str:
    """The time now, as it stands in an MLmodel file."""
    return from_millis(now()).strftime("%Y-%m-%d %H:%M:%S.%f")


def python_entry(loader_module: str, **more: Any) -> dict[str, Any]:
    """The `python_function` flavour of a model that `loader_module` loads."""
    return {
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "loader_module": loader_module,
        "python_version": platform.python_version(),
        **more,
    }


def inside(folder: Path, name: object) -> Path:
    """The file or folder of a model that its MLmodel file calls `name`; every such name goes through here.

    Args:
        name: Relative to `folder`, as it stands in the file.

    Raises:
        DamagedData: If it leads out of the folder, by its words or through a link, or nothing is there.
    """
    text = str(name)
    posix, windows = PurePosixPath(text), PureWindowsPath(text)
    escapes = posix.is_absolute() or windows.drive or windows.root or ".." in {*posix.parts, *windows.parts}
    path = folder / text
    if not text or "\0" in text or escapes:
        msg = f"The model in {folder} names the file {text!r}, which is not inside of it. Do not load this model."
        raise DamagedData(msg)
    try:
        real = path.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"The model is incomplete: {path} is missing. Save or download it again."
        raise DamagedData(msg) from error
    except (OSError, RuntimeError) as error:
        msg = f"The model's file {path} cannot be reached: {error}. Save or download it again."
        raise DamagedData(msg) from error
    if not real.is_relative_to(folder.resolve()):
        msg = (
            f"The model's file {path} is a link to {real}, outside of the model. Replace the link by what it leads to."
        )
        raise DamagedData(msg)
    return path


def tree_inside(folder: Path, name: object) -> Path:
    """As `inside`, for a folder that is handed over as a whole: no link in it leads out of the model either."""
    path = inside(folder, name)
    home = folder.resolve()
    for top, folders, files in os.walk(path):
        for entry in (*folders, *files):
            inner = os.path.join(top, entry)  # noqa: PTH118  # one object for each file would cost more than the look
            if os.path.islink(inner) and not Path(inner).resolve().is_relative_to(home):  # noqa: PTH114  # as above
                msg = f"The model's file {inner} is a link that leads out of the model. Replace it by what it leads to."
                raise DamagedData(msg)
    return path


def named_files(model: MLModel) -> Iterator[str]:
    """The names of files and folders by which a model's parts and its example are found, as they stand in the file."""
    for entry in model.flavours.values():
        for key, value in entry.items():
            if key in _FILE_KEYS and isinstance(value, str):
                yield value
        artifacts = entry.get("artifacts")
        if isinstance(artifacts, dict):
            yield from (str(one["path"]) for one in artifacts.values() if isinstance(one, dict) and one.get("path"))
    yield from (str(model.example[key]) for key in ("artifact_path", "serving_input_path") if key in model.example)


def write(model: MLModel, folder: Path) -> None:
    """Write `model` into `folder`, in the place of an older file only when all of it is there."""
    text = yaml.safe_dump(model.to_dict(), default_flow_style=False, allow_unicode=True)
    draft = folder / f".{FILE_NAME}.draft"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / FILE_NAME)


def read(folder: Path) -> MLModel:
    """The MLmodel file in `folder`.

    Raises:
        NotFound: If there is none.
        DamagedData: If it is not in MLflow's format.
    """
    path = folder / FILE_NAME
    try:
        size = path.stat().st_size
        # What is longer is told by its length, and not read.
        text = path.read_text(encoding="utf-8") if size <= _MOST_BYTES else ""
    except (FileNotFoundError, NotADirectoryError) as error:
        msg = f"{folder} is no model: it has no file {FILE_NAME}. Give the folder that the model was saved to."
        raise NotFound(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} is damaged: it is not text. Save or download the model again."
        raise DamagedData(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}. Save or download the model again."
        raise DamagedData(msg) from error
    _check_size(size, str(path))
    return read_text(text, str(path))


def _check_size(size: int, source: str) -> None:
    if size > _MOST_BYTES:
        msg = f"{source} is {size} bytes long, which no MLmodel file is. Do not load this model."
        raise DamagedData(msg)


def read_text(text: str, source: str = FILE_NAME) -> MLModel:
    """As `read`, from the file's text; `source` names it in messages."""
    _check_size(len(text), source)
    try:
        data = yaml_text.parse(text)
    except yaml_text.Excessive as error:
        msg = f"{source} is no MLmodel file: {error}. Do not load this model."
        raise DamagedData(msg) from error
    except yaml.YAMLError as error:
        msg = f"{source} is damaged: it is not YAML ({error}). Save or download the model again."
        raise DamagedData(msg) from error
    flavours = data.get("flavors") if isinstance(data, dict) else None
    if not isinstance(flavours, dict) or not all(
        isinstance(name, str) and isinstance(entry, dict) for name, entry in flavours.items()
    ):
        msg = f"{source} is damaged: it names no flavours. Save or download the model again."
        raise DamagedData(msg)
    for key in ("metadata", "saved_input_example_info"):
        if not isinstance(data.get(key) or {}, dict):
            msg = f"{source} is damaged: its {key} is no mapping. Save or download the model again."
            raise DamagedData(msg)
    signature = data.get("signature")
    return MLModel(
        flavours=flavours,
        artifact_path=str(data.get("artifact_path") or ""),
        run_id=str(data.get("run_id") or ""),
        model_id=str(data.get("model_id") or ""),
        model_uuid=str(data.get("model_uuid") or ""),
        created=str(data.get("utc_time_created") or ""),
        size=data.get("model_size_bytes"),
        mlflow_version=str(data.get("mlflow_version") or ""),
        signature=Signature.from_dict(signature) if isinstance(signature, dict) else None,
        example=data.get("saved_input_example_info") or {},
        metadata=data.get("metadata"),
        other={name: value for name, value in data.items() if name not in _KNOWN},
    )
