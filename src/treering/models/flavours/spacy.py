"""spaCy: pipelines as the folders that spaCy itself writes, which hold no code.

Only a pipeline that puts texts into categories can be asked as a Python function,
as in MLflow; others are loaded as spaCy's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import spacy
from spacy.pipeline import TextCategorizer

from treering.core.errors import DamagedData, InvalidInput
from treering.core.log import logger
from treering.models.flavours.base import LoadOptions, Predictor, Written
from treering.models.mlmodel import MLModel, inside, python_entry, tree_inside
from treering.models.requirements import installed_version
from treering.models.safety.asking import ask_to_run

__all__ = ["FLAVOUR", "SpacyFlavour"]

_FOLDER = "model.spacy"
# By default it reads nothing but weights.
_HARMLESS_TORCH = (2, 6)
# What every pipeline has, whatever its parts.
_ALWAYS = ("config.cfg", "meta.json", "vocab/strings.json")


class SpacyFlavour:
    """The flavour `spacy`; it has no options."""

    def accepts(self, model: Any) -> bool:
        """See `Flavour`."""
        return isinstance(model, spacy.language.Language)

    def write(self, model: Any, folder: Path, options: Mapping[str, Any]) -> Written:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""
        if not self.accepts(model):
            msg = f"A {type(model).__name__} is no pipeline of spaCy. Give what spacy.blank() or spacy.load() returned."
            raise InvalidInput(msg)
        try:
            model.to_disk(folder / _FOLDER)
        except (ValueError, TypeError, NotImplementedError) as error:
            msg = f"spaCy cannot save this pipeline: {error}"
            raise InvalidInput(msg) from error
        function = {}
        if any(isinstance(part, TextCategorizer) for _, part in model.pipeline):
            function = python_entry("mlflow.spacy", data=_FOLDER)
        else:
            logger.info(
                "The pipeline has no text categorizer, so the model can be loaded with treering.spacy.load_model only."
            )
        entry = {"code": None, "data": _FOLDER, "spacy_version": spacy.__version__}
        # The package that a pipeline was made from stands in it only by what it brought along.
        return Written(entry, function, ("spacy", "pandas"), frozenset(_modules(model)))

    def read(self, folder: Path, model: MLModel, options: LoadOptions) -> Any:
        """See `Flavour`."""
        entry = model.flavours.get("spacy", {})
        path = tree_inside(folder, entry.get("data") or model.python_function.get("data") or _FOLDER)
        for name in _ALWAYS:
            inside(path, name)
        if _torch_runs_code():
            why = "PyTorch before 2.6 takes the weights of a network from a pickle of any kind"
            ask_to_run(path, why, "Later ones do not.", options)
        try:
            return spacy.load(path)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError) as error:
            msg = (
                f"The model {path} cannot be read: {error}. It may be damaged, or need other versions of spaCy"
                " and of the packages in its requirements.txt."
            )
            raise DamagedData(msg) from error

    def predictor(self, native: Any, folder: Path, model: MLModel, options: LoadOptions) -> Predictor:  # noqa: ARG002  # of the Protocol
        """See `Flavour`."""

        def predict(data: Any, params: dict[str, Any]) -> Any:  # noqa: ARG001  # a pipeline takes none
            table = data if isinstance(data, pd.DataFrame) else pd.DataFrame(data)
            if len(table.columns) != 1:
                msg = (
                    f"A pipeline of spaCy takes one column of texts; this has {len(table.columns)}: {[*table.columns]}."
                )
                raise InvalidInput(msg)
            return pd.DataFrame({"predictions": pd.Series(_categories(native, table), index=table.index, dtype=object)})

        return predict


def _categories(native: Any, table: pd.DataFrame) -> list[Any]:
    texts = table.iloc[:, 0].tolist()
    found = iter(native.pipe(text for text in texts if text))
    # spaCy answers an empty text otherwise when it comes among others, and no answer may hang on its neighbours.
    return [(next(found) if text else native(text)).cats for text in texts]


def _torch_runs_code() -> bool:
    """Whether PyTorch is there, which a pipeline may name as what its networks are made with, and reads any pickle."""
    release = (installed_version("torch") or "").split(".")[:2]
    return release != [""] and tuple(map(int, release)) < _HARMLESS_TORCH


def _modules(model: Any) -> set[str]:
    return {"spacy", *(type(part).__module__ for _, part in model.pipeline)}


FLAVOUR = SpacyFlavour()
