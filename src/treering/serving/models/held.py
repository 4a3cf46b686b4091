"""One loaded model of a host, and whether requests for it may be asked together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treering.core.errors import InvalidInput
from treering.models.flavours import LOADERS
from treering.models.load_options import LoadOptions
from treering.models.loading import LoadedModel, load
from treering.serving.models.feeding import inputs_of, outputs_of
from treering.serving.models.paths import DEFAULT_VERSION
from treering.serving.models.quick import Quick
from treering.serving.models.rowwise import is_rowwise
from treering.serving.models.samples import sample_of

__all__ = ["Held", "Wanted"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model that a host is told to load.

    Attributes:
        uri: Where the folder came from, as the user knows it.
    """

    name: str
    version: str
    folder: Path
    uri: str = ""
    aliases: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Wanted:
        """What an order says, which came as JSON.

        Raises:
            InvalidInput: If it lacks a name or folder.
        """
        name, folder = given.get("name"), given.get("folder")
        if not isinstance(name, str) or not name or not isinstance(folder, str) or not folder:
            msg = f"A model to serve needs a 'name' and a 'folder', and these are {name!r} and {folder!r}."
            raise InvalidInput(msg)
        aliases = tuple(str(one) for one in given.get("aliases") or ())
        version = str(given.get("version") or DEFAULT_VERSION)
        return cls(name, version, Path(folder), str(given.get("uri") or ""), aliases)


@dataclass(frozen=True, slots=True)
class Held:
    """A model that is loaded.

    Attributes:
        quick: Reads the common JSON bodies, if there are some.
        sample: A few rows that fit the model; `None` if there are none.
        rowwise: Whether the answer to a row hangs on nothing but the row, so that rows of several requests may be
            asked at once.
    """

    wanted: Wanted
    model: LoadedModel
    quick: Quick | None
    sample: Any
    rowwise: bool

    @classmethod
    def load(cls, wanted: Wanted, options: LoadOptions) -> Held:
        """Load what is wanted.

        Raises:
            TreeringError: See `treering.models.loading.load`.
        """
        model = load(wanted.folder, options)
        quick = Quick.of(model)
        sample = sample_of(model, quick)
        return cls(wanted, model, quick, sample, is_rowwise(model, sample))

    def describe(self) -> dict[str, Any]:
        """What is told of the model, as the Open Inference Protocol has it."""
        signature = self.model.signature
        flavour = LOADERS.get(self.model.loader_module) or "custom"
        properties = {"uri": self.wanted.uri, "model_id": self.model.model_id, "flavour": flavour}
        told = {name: one for name, one in properties.items() if one}
        return {
            "name": self.name,
            "version": self.version,
            "platform": f"treering_{flavour}",
            "inputs": inputs_of(signature.inputs if signature else None),
            "outputs": outputs_of(signature.outputs if signature else None),
            "aliases": list(self.wanted.aliases),
            "properties": {**told, "batched": str(self.rowwise).lower()},
        }

    @property
    def name(self) -> str:
        """The model's name."""
        return self.wanted.name

    @property
    def version(self) -> str:
        """Its version."""
        return self.wanted.version
