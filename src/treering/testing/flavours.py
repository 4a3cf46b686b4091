"""What every model flavour must do: subclass `FlavourSuite` and say which models it is run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treering.core.errors import AlreadyExists, DamagedData, InvalidInput, NotFound
from treering.models import mlmodel
from treering.models.flavours import FLAVOURS, LOADERS
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load, load_native

__all__ = ["TRUSTING", "FlavourSuite", "Sample"]

TRUSTING = LoadOptions(allow_code=True)
"""For models that a test has made itself."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A model to run the suite on.

    Attributes:
        data: What it is asked.
        answer: What it must answer.
        files: The names, or patterns of names, of the files in the folder that hold the model itself.
    """

    model: Any
    data: Any
    answer: Any
    files: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


class FlavourSuite:
    """The promises of `treering.models.flavours.base.Flavour`.

    A subclass sets `flavour` and provides a fixture `sample`.
    """

    flavour: str

    def test_it_stands_in_the_table(self) -> None:
        """The table names it, and a loader module leads back to it."""
        assert self.flavour in FLAVOURS.names()
        assert self.flavour in LOADERS.values()

    def test_it_accepts_its_models(self, sample: Sample) -> None:
        """And not what is no model."""
        assert FLAVOURS.load(self.flavour).accepts(sample.model)
        assert not FLAVOURS.load(self.flavour).accepts("a text")

    def test_a_round_trip_predicts_the_same(self, sample: Sample, tmp_path: Path) -> None:
        """Saved, loaded and asked, the model answers as before."""
        save(self.flavour, sample.model, tmp_path / "m", _options(sample))
        _same(load(tmp_path / "m", TRUSTING).predict(sample.data), sample.answer)
        assert load_native(tmp_path / "m", self.flavour, TRUSTING) is not None

    def test_a_second_save_of_what_was_loaded(self, sample: Sample, tmp_path: Path) -> None:
        """What was loaded can be saved again."""
        save(self.flavour, sample.model, tmp_path / "m", _options(sample))
        native = load_native(tmp_path / "m", self.flavour, TRUSTING)
        save(self.flavour, native, tmp_path / "again", _options(sample))
        _same(load(tmp_path / "again", TRUSTING).predict(sample.data), sample.answer)

    def test_the_example_gives_a_signature(self, sample: Sample, tmp_path: Path) -> None:
        """An example is enough to know inputs and outputs, and the model still takes its data."""
        save(self.flavour, sample.model, tmp_path / "m", _options(sample, input_example=sample.data))
        model = load(tmp_path / "m", TRUSTING)
        assert model.signature is not None
        assert model.signature.inputs is not None
        assert model.signature.outputs is not None
        _same(model.predict(sample.data), sample.answer)

    def test_the_mlmodel_file_is_mlflows(self, sample: Sample, tmp_path: Path) -> None:
        """It has the entries by which MLflow loads a model, and unknown keys survive."""
        saved = save(self.flavour, sample.model, tmp_path / "m", _options(sample, run_id="r" * 32))
        entry = saved.python_function
        assert LOADERS[entry["loader_module"]] == self.flavour
        assert entry["env"] == {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
        assert entry["python_version"].count(".") == 2
        text = (tmp_path / "m" / "MLmodel").read_text()
        read = mlmodel.read_text(text + "prompts: [a]\n")
        assert read.to_dict() == {**saved.to_dict(), "prompts": ["a"]}

    def test_requirements_are_pinned(self, sample: Sample, tmp_path: Path) -> None:
        """Each requirement has a version, and stands in all files that tell of the environment."""
        save(self.flavour, sample.model, tmp_path / "m", SaveOptions(flavour=sample.options))
        lines = (tmp_path / "m" / "requirements.txt").read_text().splitlines()
        assert lines
        assert all("==" in line for line in lines)
        conda = (tmp_path / "m" / "conda.yaml").read_text()
        assert all(line in conda for line in lines)
        assert "requirements.txt" in (tmp_path / "m" / "python_env.yaml").read_text()

    def test_requirements_can_be_given(self, sample: Sample, tmp_path: Path) -> None:
        """Given ones replace those found; extra ones are added."""
        options = _options(sample, pip_requirements=["a==1"], extra_pip_requirements=["b==2"])
        save(self.flavour, sample.model, tmp_path / "m", options)
        assert (tmp_path / "m" / "requirements.txt").read_text().splitlines() == ["a==1", "b==2"]

    def test_nothing_is_overwritten(self, sample: Sample, tmp_path: Path) -> None:
        """A folder that holds something is refused and left as it was."""
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "mine.txt").write_text("mine")
        with pytest.raises(AlreadyExists):
            save(self.flavour, sample.model, tmp_path / "m", _options(sample))
        assert [path.name for path in (tmp_path / "m").iterdir()] == ["mine.txt"]

    def test_a_failed_save_leaves_nothing(self, tmp_path: Path) -> None:
        """What is no model is refused, and no file stays behind."""
        with pytest.raises(InvalidInput):
            save(self.flavour, "a text", tmp_path / "m")
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_file_is_told(self, sample: Sample, tmp_path: Path) -> None:
        """A model without its files is damaged, and without an MLmodel file is none."""
        save(self.flavour, sample.model, tmp_path / "m", _options(sample))
        for path in _files(tmp_path / "m", sample):
            path.unlink()
        with pytest.raises(DamagedData, match="incomplete"):
            load(tmp_path / "m", TRUSTING)
        (tmp_path / "m" / "MLmodel").unlink()
        with pytest.raises(NotFound, match="MLmodel"):
            load(tmp_path / "m", TRUSTING)

    def test_a_link_out_of_the_model_is_refused(self, sample: Sample, tmp_path: Path) -> None:
        """What lies elsewhere is no part of a model, even if it is what belongs there."""
        save(self.flavour, sample.model, tmp_path / "m", _options(sample))
        (tmp_path / "elsewhere").mkdir()
        for place, path in enumerate(_files(tmp_path / "m", sample)):
            target = tmp_path / "elsewhere" / str(place)
            path.rename(target)
            path.symlink_to(target)
        with pytest.raises(DamagedData, match=r"link|outside"):
            load(tmp_path / "m", TRUSTING)

    def test_damaged_bytes_are_told(self, sample: Sample, tmp_path: Path) -> None:
        """Noise in place of the model is an error that says so."""
        save(self.flavour, sample.model, tmp_path / "m", _options(sample))
        for path in _files(tmp_path / "m", sample):
            path.write_bytes(b"\x00noise")
        with pytest.raises(DamagedData, match="damaged"):
            load(tmp_path / "m", TRUSTING)


def _options(sample: Sample, **more: Any) -> SaveOptions:
    # A model of the test's own is loaded in a process of its own to see what it imports: once is enough.
    return SaveOptions(flavour=sample.options, watch=0, **more)


def _files(folder: Path, sample: Sample) -> list[Path]:
    found = [path for pattern in sample.files for path in folder.glob(pattern)]
    assert found, f"no file of the model is called {sample.files}"
    return found


def _same(found: Any, expected: Any) -> None:
    if isinstance(expected, Mapping):
        assert found.keys() == expected.keys()
        for name, one in expected.items():
            _same(found[name], one)
        return
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
