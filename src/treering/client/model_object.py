"""`treering.models.Model`: a model's description that can be changed, as flavours of other people make it.

A flavour that is a module of its own fills one of these, writes it beside its files,
and lets `Model.log` put the folder among the logged models.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import yaml

from treering.client.model_logging import ModelInfo, Placement, log_written
from treering.core.errors import InvalidInput
from treering.models import example, mlmodel
from treering.models.folder import SaveOptions
from treering.models.mlmodel import MLModel
from treering.models.safety.own import remember
from treering.models.schema import Parameters, Schema
from treering.models.signature import Signature

__all__ = ["Model"]


class Model:
    """What stands in an MLmodel file; keys that are not known here are kept.

    Attributes:
        flavors: What each flavour needs to load the model, by the flavour's name.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # MLflow's signature
        self,
        artifact_path: str | None = None,
        run_id: str | None = None,
        utc_time_created: str | None = None,
        flavors: Mapping[str, Mapping[str, Any]] | None = None,
        signature: Signature | None = None,
        saved_input_example_info: Mapping[str, Any] | None = None,
        model_uuid: str | None = None,
        mlflow_version: str | None = mlmodel.MLFLOW_FORMAT,
        metadata: Mapping[str, Any] | None = None,
        model_size_bytes: int | None = None,
        model_id: str | None = None,
        **other: Any,
    ) -> None:
        self.artifact_path = artifact_path
        self.run_id = run_id
        self.utc_time_created = utc_time_created or mlmodel.timestamp()
        self.flavors: dict[str, dict[str, Any]] = {name: dict(entry) for name, entry in (flavors or {}).items()}
        self.signature = signature
        self.saved_input_example_info = saved_input_example_info
        self.model_uuid = model_uuid or uuid4().hex
        self.mlflow_version = mlflow_version
        self.metadata = dict(metadata) if metadata else None
        self.model_size_bytes = model_size_bytes
        self.model_id = model_id
        self._other = {key: value for key, value in other.items() if value is not None}

    def add_flavor(self, name: str, **params: Any) -> Self:
        """Add the entry of one flavour."""
        self.flavors[name] = params
        return self

    def get_input_schema(self) -> Schema | None:
        """What the model takes, if that is known."""
        return self.signature.inputs if self.signature else None

    def get_output_schema(self) -> Schema | None:
        """What it gives, if that is known."""
        return self.signature.outputs if self.signature else None

    def get_params_schema(self) -> Parameters | None:
        """The parameters that it takes, if there are any."""
        return self.signature.params if self.signature else None

    def load_input_example(self, path: str | Path) -> Any:
        """The data that was saved as an example in the model's folder `path`; `None` if there is none."""
        found = example.read(Path(path), self._frozen())
        return found[0] if found else None

    def load_input_example_params(self, path: str | Path) -> dict[str, Any] | None:
        """The parameters that were saved with the example."""
        found = example.read(Path(path), self._frozen())
        return found[1] if found else None

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the file."""
        return self._frozen().to_dict()

    def to_yaml(self, stream: Any = None) -> str:
        """The file's text, written to `stream` if one is given."""
        text = yaml.safe_dump(self.to_dict(), stream=stream, default_flow_style=False, allow_unicode=True)
        return str(text)

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict())

    def save(self, path: str | Path) -> None:
        """Write the file to `path`."""
        Path(path).write_text(self.to_yaml(), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The description in a model's folder, or in an MLmodel file. Raises NotFound; DamagedData."""
        place = Path(path)
        return cls._of(mlmodel.read(place.parent if place.name == mlmodel.FILE_NAME else place))

    @classmethod
    def from_dict(cls, model_dict: Mapping[str, Any]) -> Self:
        """The description that `to_dict` gave. Raises DamagedData."""
        return cls._of(mlmodel.read_text(yaml.safe_dump(dict(model_dict))))

    @classmethod
    def log(
        cls, artifact_path: str | None, flavor: Any, registered_model_name: str | None = None, **kwargs: Any
    ) -> ModelInfo:
        """Let the module `flavor` save a model, and log what it wrote for the active run.

        Args:
            flavor: It has `save_model(path=, mlflow_model=, ...)`.
            kwargs: `name`, `params`, `tags`, `model_type`, `step`, `metadata`; the rest is for `save_model`.

        Raises:
            InvalidInput: If `flavor` has no `save_model`, or wrote no model.
        """
        if not callable(getattr(flavor, "save_model", None)):
            msg = f"{flavor!r} is no flavour: it has no save_model. Give a module with one."
            raise InvalidInput(msg)
        given = {key: kwargs.pop(key, None) for key in ("name", "params", "tags", "model_type", "step", "metadata")}
        kwargs.pop("await_registration_for", None)
        placement = Placement(
            given["name"] or artifact_path or "model",
            registered_model_name or "",
            given["step"] or 0,
            given["model_type"] or "",
            given["params"],
            given["tags"],
        )

        def write(folder: Path, known: SaveOptions) -> MLModel:
            model = cls(
                artifact_path=known.artifact_path,
                run_id=known.run_id,
                model_id=known.model_id or None,
                model_uuid=known.model_id or None,
                metadata=given["metadata"],
            )
            flavor.save_model(path=str(folder), mlflow_model=model, **kwargs)
            if known.own is not None:
                remember(folder, known.own)
            return mlmodel.read(folder)

        return log_written(write, placement)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.model_uuid)

    def _frozen(self) -> MLModel:
        return MLModel(
            flavours=self.flavors,
            artifact_path=self.artifact_path or "",
            run_id=self.run_id or "",
            model_id=self.model_id or "",
            model_uuid=self.model_uuid,
            created=self.utc_time_created,
            size=self.model_size_bytes,
            mlflow_version=self.mlflow_version or "",
            signature=self.signature,
            example=self.saved_input_example_info or {},
            metadata=self.metadata,
            other=self._other,
        )

    @classmethod
    def _of(cls, found: MLModel) -> Self:
        return cls(
            found.artifact_path or None,
            found.run_id or None,
            found.created,
            found.flavours,
            found.signature,
            found.example or None,
            found.model_uuid,
            found.mlflow_version,
            found.metadata,
            found.size,
            found.model_id or None,
            **dict(found.other),
        )
