"""Models written in Python: the suite over classes and functions, files, parameters and code beside the model."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from treering.core.errors import (
    AlreadyExists,
    DamagedData,
    InvalidInput,
    MissingExtra,
    NotFound,
    NotSupported,
    PermissionDenied,
)
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.models.python_model import PythonModel
from treering.testing.flavours import TRUSTING, FlavourSuite, Sample

FACTOR = 3


class Adder(PythonModel):
    def __init__(self, number: int) -> None:
        self.number = number
        self.offset = 0

    def load_context(self, context: Any):
        if "offset" in context.artifacts:
            self.offset = int(Path(context.artifacts["offset"]).read_text())

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        extra = (params or {}).get("extra", 0)
        scale = context.model_config.get("scale", 1)
        return (model_input["a"] + self.number + self.offset + extra) * scale


class Plain:
    """No base class at all."""

    def predict(self, model_input: Any) -> Any:
        return np.asarray(model_input) + 1


def triple(rows: Any):
    return np.asarray(rows) * FACTOR


def shout(words: list[str]) -> list[str]:
    return [word.upper() for word in words]


_TABLE = pd.DataFrame({"a": [1.0, 2.0]})


@pytest.fixture(params=["class", "plain class", "function", "hinted function"])
def sample(request: pytest.FixtureRequest):
    files = ("python_model.pkl",)
    match request.param:
        case "class":
            return Sample(Adder(5), _TABLE, [6.0, 7.0], files)
        case "plain class":
            return Sample(Plain(), np.array([1.0, 2.0]), [2.0, 3.0], files)
        case "function":
            return Sample(triple, np.array([1.0, 2.0]), [3.0, 6.0], files)
        case _:
            return Sample(shout, ["a", "b"], ["A", "B"], files)


class TestPyfunc(FlavourSuite):
    flavour = "pyfunc"


def test_files_and_configuration_reach_the_model(tmp_path: Path):
    (tmp_path / "offset.txt").write_text("100")
    options = {"artifacts": {"offset": str(tmp_path / "offset.txt")}, "model_config": {"scale": 2}}
    save("pyfunc", Adder(5), tmp_path / "m", SaveOptions(flavour=options))
    assert str(tmp_path) not in (tmp_path / "m" / "MLmodel").read_text()
    (tmp_path / "offset.txt").unlink()
    assert load(tmp_path / "m", TRUSTING).predict(_TABLE).tolist() == [212.0, 214.0]
    other = LoadOptions(allow_code=True, model_config={"scale": 1})
    assert load(tmp_path / "m", other).predict(_TABLE).tolist() == [106.0, 107.0]


def test_artifacts_lie_in_the_model_with_all_that_is_in_them(tmp_path: Path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("1")
    save("pyfunc", Plain(), tmp_path / "m", SaveOptions(flavour={"artifacts": {"files": str(tmp_path / "files")}}))
    (tmp_path / "m" / "artifacts" / "files" / "b.txt").symlink_to("a.txt")
    assert load(tmp_path / "m", TRUSTING)
    (tmp_path / "m" / "artifacts" / "files" / "c.txt").symlink_to(tmp_path / "files" / "a.txt")
    with pytest.raises(DamagedData, match="leads out of the model"):
        load(tmp_path / "m", TRUSTING)
    file = tmp_path / "m" / "MLmodel"
    file.write_text(file.read_text().replace("path: artifacts/files", "paths: artifacts/files"))
    with pytest.raises(DamagedData, match="where the model's artifacts are"):
        load(tmp_path / "m", TRUSTING)


def test_parameters_are_checked_and_have_defaults(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    save("pyfunc", Adder(5), tmp_path / "m", SaveOptions(input_example=(_TABLE, {"extra": 2})))
    model = load(tmp_path / "m", TRUSTING)
    assert model.predict(_TABLE).tolist() == [8.0, 9.0]
    assert model.predict(_TABLE, {"extra": 10}).tolist() == [16.0, 17.0]
    with pytest.raises(InvalidInput, match="'extra' must be long"):
        model.predict(_TABLE, {"extra": "much"})
    model.predict(_TABLE, {"nonsense": 1})
    assert "nonsense" in caplog.text


def test_it_loads_where_neither_treering_nor_the_script_is(tmp_path: Path):
    save("pyfunc", triple, tmp_path / "function")
    save("pyfunc", Adder(5), tmp_path / "class")
    program = textwrap.dedent("""
        import pickle, sys
        class Refuse:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in {"treering", "test_pyfunc", "tests"}:
                    raise ModuleNotFoundError(name)
        sys.meta_path.insert(0, Refuse())
        function = pickle.load(open(sys.argv[1] + "/function/python_model.pkl", "rb"))
        adder = pickle.load(open(sys.argv[1] + "/class/python_model.pkl", "rb"))
        print(function.predict([1, 2]).tolist(), adder.number, adder.predict_type_hints.input)
    """)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.split() == ["[3,", "6]", "5", "None"], done.stderr


def test_imports_of_the_code_become_requirements(tmp_path: Path):
    def predict(rows: Any) -> Any:
        import yaml  # noqa: PLC0415 -- what is tested

        return yaml.safe_load("1"), rows

    save("pyfunc", predict, tmp_path / "m")
    names = {line.partition("==")[0].lower() for line in (tmp_path / "m/requirements.txt").read_text().splitlines()}
    assert {"cloudpickle", "pyyaml"} <= names


def test_code_beside_the_model_is_importable(tmp_path: Path):
    (tmp_path / "treering_beside.py").write_text("def number():\n    return 42\n")

    def predict(rows: Any) -> Any:
        from treering_beside import number  # noqa: PLC0415 -- there only once the model is loaded

        return [number() for _ in rows]

    save("pyfunc", predict, tmp_path / "m", SaveOptions(code_paths=[str(tmp_path / "treering_beside.py")]))
    before = list(sys.path)
    try:
        assert load(tmp_path / "m", TRUSTING).predict([1, 2]) == [42, 42]
    finally:
        sys.path[:] = before
        sys.modules.pop("treering_beside", None)
    with pytest.raises(PermissionDenied, match="own code"):
        load(tmp_path / "m", LoadOptions(allow_code=False))


def test_the_python_model_comes_out_again(tmp_path: Path):
    save("pyfunc", Adder(7), tmp_path / "m")
    assert load(tmp_path / "m", TRUSTING).unwrap_python_model().number == 7


def test_a_pickle_is_refused_where_code_is_forbidden(tmp_path: Path):
    save("pyfunc", triple, tmp_path / "m")
    with pytest.raises(PermissionDenied, match="TREERING_ALLOW_MODEL_CODE=true"):
        load(tmp_path / "m", LoadOptions(allow_code=False))


def test_what_this_user_saved_needs_no_word(tmp_path: Path):
    own = tmp_path / "own_models"
    save("pyfunc", triple, tmp_path / "m", SaveOptions(own=own))
    assert load(tmp_path / "m", LoadOptions(own=own)).predict(_TABLE) is not None
    other = tmp_path / "other"
    save("pyfunc", triple, other)
    (other / "python_model.pkl").write_bytes((other / "python_model.pkl").read_bytes() + b" ")
    with pytest.raises(PermissionDenied):
        load(other, LoadOptions(own=own))


def test_what_cannot_be_pickled_is_told_and_leaves_nothing(tmp_path: Path):
    with (tmp_path / "open.txt").open("w") as file:
        model = Plain()
        model.file = file
        with pytest.raises(InvalidInput, match="cannot be pickled"):
            save("pyfunc", model, tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["open.txt"]


def test_a_model_that_fails_on_its_example_is_saved_without_signature(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    def predict(rows: Any) -> Any:
        raise RuntimeError(rows)

    saved = save("pyfunc", predict, tmp_path / "m", SaveOptions(input_example=[1, 2]))
    assert saved.signature is None
    assert "without a signature" in caplog.text


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (SaveOptions(flavour={"artifacts": {"x": "/no/such/file"}}), NotFound),
        (SaveOptions(code_paths=["/no/such/code.py"]), NotFound),
        (SaveOptions(pip_requirements=["a\nb"]), InvalidInput),
        (SaveOptions(input_example={"a": object()}), InvalidInput),
    ],
    ids=["artifact", "code", "requirement", "example"],
)
def test_wrong_options_leave_nothing(tmp_path: Path, options: Any, error: type[Exception]):
    with pytest.raises(error):
        save("pyfunc", triple, tmp_path / "m", options)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_left_alone(tmp_path: Path):
    (tmp_path / "m").write_text("mine")
    with pytest.raises(AlreadyExists):
        save("pyfunc", triple, tmp_path / "m")
    assert (tmp_path / "m").read_text() == "mine"


def _with_loader(folder: Path, loader: str) -> None:
    (folder / "code").mkdir(parents=True)
    (folder / "MLmodel").write_text(f"flavors:\n  python_function:\n    loader_module: {loader}\n    code: code\n")


def test_a_makers_own_loader_is_used(tmp_path: Path):
    _with_loader(tmp_path / "m", "treering_own_loader")
    (tmp_path / "m/code/treering_own_loader.py").write_text(
        "class M:\n    def predict(self, rows):\n        return [0 for _ in rows]\n\ndef _load_pyfunc(path):\n    return M()\n"
    )
    before = list(sys.path)
    try:
        assert load(tmp_path / "m", TRUSTING).predict([1, 2]) == [0, 0]
    finally:
        sys.path[:] = before
        sys.modules.pop("treering_own_loader", None)


def test_loaders_that_are_not_there_are_told(tmp_path: Path):
    before = list(sys.path)
    try:
        _with_loader(tmp_path / "missing", "no_such_loader_anywhere")
        with pytest.raises(MissingExtra, match="no_such_loader_anywhere"):
            load(tmp_path / "missing", TRUSTING)
        _with_loader(tmp_path / "paddle", "mlflow.paddle")
        with pytest.raises(NotSupported, match=r"mlflow\.paddle"):
            load(tmp_path / "paddle", TRUSTING)
    finally:
        sys.path[:] = before
