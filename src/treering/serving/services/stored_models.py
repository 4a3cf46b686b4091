"""Models that a service names in its class: `model = treering.models.BentoModel("iris:latest")`.

What is named at the class is known before anything runs, so that it can be packed with the service.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput, MissingExtra
from treering.core.plugins import Registry

__all__ = ["PLACES", "STORES", "BentoModel", "HuggingFaceModel", "Places", "StoredModel", "placed"]

STORES: Registry[Callable[[str], str]] = Registry(
    "treering.service_model_stores",
    "store that a service's models come from",
    {"registry": "treering.client.services.stored:folder_of"},
)
"""Given a model's URI: its folder here, fetched if it has to be."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model that is here.

    Attributes:
        path: Its folder.
        tag: As it was named.
    """

    path: str
    tag: str

    @property
    def name(self) -> str:
        """Its name in the registry."""
        return self.tag.partition(":")[0].partition("@")[0]

    def path_of(self, item: str) -> str:
        """A file of it."""
        return str(Path(self.path) / item.lstrip("/"))

    def __fspath__(self) -> str:
        return self.path

    def __str__(self) -> str:
        return self.path


class Places:
    """Where the models lie that are packed with the service which this process serves.

    Attributes:
        folders: By the names that services call them.
    """

    def __init__(self) -> None:
        self.folders: dict[str, str] = {}


PLACES = Places()


class _Named:
    """Resolved when an instance asks for it, once; of the class, this."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._found: Any = None

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else self.resolve()

    def resolve(self) -> Any:
        """What stands for it in the service."""
        with self._lock:
            if self._found is None:
                self._found = self._resolved()
            return self._found

    def _resolved(self) -> Any:
        raise NotImplementedError


class BentoModel(_Named):
    """A registered model: `iris:latest`, `iris:3`, `iris@champion`, or a URI such as `models:/iris/3`.

    On an instance it is a `StoredModel`, which is its folder wherever a path is wanted.
    """

    @property
    def uri(self) -> str:
        """The model as the registry names it."""
        if ":/" in self.name:
            return self.name
        if "@" in self.name:
            return f"models:/{self.name}"
        name, _, version = self.name.partition(":")
        if not name:
            msg = f"{self.name!r} names no model. Write name:version, name:latest or name@alias."
            raise InvalidInput(msg)
        return f"models:/{name}/{version or 'latest'}"

    def _resolved(self) -> StoredModel:
        known = PLACES.folders.get(self.name) or PLACES.folders.get(self.uri)
        if known is None and "@" in self.name:
            # An alias is resolved when a service is packed; what it was then lies there under its name.
            known = PLACES.folders.get(self.name.partition("@")[0])
        return StoredModel(known or STORES.load("registry")(self.uri), self.name)


class HuggingFaceModel(_Named):
    """A model of the Hugging Face hub, or of a mirror. On an instance it is the path of its folder."""

    def __init__(
        self,
        model_id: str,
        revision: str = "main",
        endpoint: str | None = None,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
    ) -> None:
        super().__init__(model_id)
        self.model_id = model_id
        self.revision = revision
        self.endpoint = endpoint
        self.include = include
        self.exclude = exclude

    def _resolved(self) -> str:
        if (known := PLACES.folders.get(self.model_id)) is not None:
            return known
        try:
            hub = import_module("huggingface_hub")
        except ModuleNotFoundError as error:
            msg = f"The model {self.model_id} is fetched by huggingface_hub: pip install huggingface_hub"
            raise MissingExtra(msg) from error
        found: str = hub.snapshot_download(
            self.model_id,
            revision=self.revision,
            endpoint=self.endpoint,
            allow_patterns=self.include,
            ignore_patterns=self.exclude,
        )
        return found


def placed(models: Mapping[str, str]) -> None:
    """Say where models are, by the names that services call them: in a bundle, they are not fetched."""
    PLACES.folders.update(models)
