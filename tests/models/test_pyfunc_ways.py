"""The ways in which a Python model is given: code files, loaders, hints, streams, configurations, environments."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from treering.core.errors import DamagedData, InvalidInput, NotFound, NotSupported, PermissionDenied
from treering.models.code_models import ModelConfig, model_of_code, set_model
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.models.python_model import PythonModel
from treering.models.type_hints import as_hinted, schema_of_hint
from treering.testing.flavours import TRUSTING

CODE = """
import treering.models
from treering.models.python_model import PythonModel

class Scale(PythonModel):
    def predict(self, context, model_input: list[float], params=None) -> list[float]:
        return [value * context.model_config["factor"] for value in model_input]

treering.models.set_model(Scale())
"""


def test_a_model_from_code_keeps_no_path_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "scale.py").write_text(CODE)
    (tmp_path / "config.yaml").write_text("factor: 3")
    own = tmp_path / "own"
    options = {"model_config": str(tmp_path / "config.yaml")}
    saved = save("pyfunc", tmp_path / "scale.py", tmp_path / "m", SaveOptions(flavour=options, own=own))
    assert saved.python_function["model_code_path"] == "scale.py"
    assert saved.python_function["loader_module"] == "mlflow.pyfunc.loaders.code_model"
    assert str(tmp_path) not in (tmp_path / "m" / "MLmodel").read_text()
    assert not list((tmp_path / "m").glob("*.pkl"))
    (tmp_path / "scale.py").unlink()
    model = load(tmp_path / "m", LoadOptions(own=own))
    assert model.predict([1.0, 2.0]) == [3.0, 6.0]
    assert model.model_config == {"factor": 3}
    assert load(tmp_path / "m", LoadOptions(own=own, model_config={"factor": 10})).predict([1.0]) == [10.0]
    with pytest.raises(PermissionDenied, match="Python code"):
        load(tmp_path / "m")


def test_code_that_hands_over_nothing_or_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "nothing.py").write_text("x = 1")
    with pytest.raises(DamagedData, match="set_model"):
        save("pyfunc", str(tmp_path / "nothing.py"), tmp_path / "m")
    (tmp_path / "fails.py").write_text("1 / 0")
    with pytest.raises(DamagedData, match="ZeroDivisionError"):
        save("pyfunc", str(tmp_path / "fails.py"), tmp_path / "m")
    with pytest.raises(NotFound, match=r"none\.py"):
        save("pyfunc", str(tmp_path / "none.py"), tmp_path / "m")
    with pytest.raises(InvalidInput, match="no model"):
        set_model(3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fails.py", "nothing.py"]


def test_code_reads_its_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from treering.models.code_models import ModelConfig, set_model\n"
        "config = ModelConfig(development_config={'a': 1})\n"
        "set_model(lambda rows: config.get('a'))\n"
    )
    assert model_of_code(tmp_path / "a.py")(None) == 1
    assert model_of_code(tmp_path / "a.py", {"a": 2})(None) == 2
    with pytest.raises(NotFound, match="no configuration"):
        ModelConfig()
    with pytest.raises(NotFound, match="'b'"):
        ModelConfig(development_config={"a": 1}).get("b")


def test_files_that_run_at_once_keep_apart(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from treering.models.code_models import ModelConfig, set_model\n"
        "ModelConfig().get('meet')()\n"
        "factor = ModelConfig().get('factor')\n"
        "set_model(lambda rows: factor)\n"
    )
    meet = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda n: model_of_code(tmp_path / "a.py", {"meet": meet.wait, "factor": n}), range(4)))
    assert [model(None) for model in models] == [0, 1, 2, 3]


def test_a_loader_is_given_a_copy_of_its_data(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "my_loader.py").write_text(
        "class M:\n    def __init__(self, n): self.n = n\n    def predict(self, rows): return [self.n for _ in rows]\n"
        "def _load_pyfunc(path):\n    with open(path) as file:\n        return M(int(file.read()))\n"
    )
    (tmp_path / "data.txt").write_text("7")
    options = {"loader_module": "my_loader", "data_path": str(tmp_path / "data.txt")}
    save(
        "pyfunc",
        None,
        tmp_path / "m",
        SaveOptions(code_paths=[str(tmp_path / "code" / "my_loader.py")], flavour=options),
    )
    (tmp_path / "data.txt").unlink()
    before = list(sys.path)
    try:
        assert load(tmp_path / "m", TRUSTING).predict([1, 2]) == [7, 7]
    finally:
        sys.path[:] = before
        sys.modules.pop("my_loader", None)


class Words(PythonModel):
    """Answers word by word."""

    def predict(self, model_input: list[str]) -> list[str]:  # type: ignore[override]
        return [text.upper() for text in model_input]

    def predict_stream(self, model_input: Any) -> Iterator[str]:  # type: ignore[override]
        for text in model_input:
            yield from text.split()


def test_answers_come_piece_by_piece(tmp_path: Path) -> None:
    saved = save("pyfunc", Words(), tmp_path / "m")
    assert saved.python_function["streamable"]
    model = load(tmp_path / "m", TRUSTING)
    assert list(model.predict_stream(["a b", "c"])) == ["a", "b", "c"]
    save("pyfunc", shout, tmp_path / "whole")
    with pytest.raises(NotSupported, match="predict_stream"):
        load(tmp_path / "whole", TRUSTING).predict_stream(["a"])


def shout(model_input: list[str]) -> list[str]:
    return [text.upper() for text in model_input]


def test_hints_are_the_signature_and_are_held(tmp_path: Path) -> None:
    saved = save("pyfunc", shout, tmp_path / "m")
    assert saved.other["is_signature_from_type_hint"]
    assert saved.signature is not None
    assert saved.signature.to_dict()["inputs"] == '[{"type": "string", "required": true}]'
    model = load(tmp_path / "m", TRUSTING)
    assert model.predict(["a"]) == ["A"]
    assert model.predict(pd.DataFrame({"text": ["a", "b"]})) == ["A", "B"]
    with pytest.raises(InvalidInput, match="1 of 2 items do not fit"):
        model.predict(["a", 3])
    with pytest.raises(InvalidInput, match="takes list"):
        model.predict("a")


@pytest.mark.parametrize(
    ("hint", "wanted"),
    [
        (list[int], {"type": "long", "required": True}),
        (list[Any], {"type": "any", "required": True}),
        (list[list[float]], {"type": "array", "items": {"type": "double"}, "required": True}),
        (list[dict[str, bytes]], {"type": "map", "values": {"type": "binary"}, "required": True}),
        (list[int | str], {"type": "any", "required": True}),
    ],
)
def test_what_each_hint_amounts_to(hint: Any, wanted: Any) -> None:
    schema = schema_of_hint(hint)
    assert schema is not None
    assert json.loads(schema.to_text()) == [wanted]


@pytest.mark.parametrize("hint", [pd.DataFrame, np.ndarray, list, None, Any])
def test_hints_that_say_nothing_of_columns(hint: Any) -> None:
    assert schema_of_hint(hint) is None


@pytest.mark.parametrize("hint", [list[int | None], list[dict[int, str]], list[complex], list[dict]])
def test_hints_that_no_signature_holds(hint: Any) -> None:
    with pytest.raises(InvalidInput):
        schema_of_hint(hint)


def test_dictionaries_are_held_against_their_hint() -> None:
    assert as_hinted([{"a": None}], list[dict[str, int | None]]) == [{"a": None}]
    with pytest.raises(InvalidInput, match="takes int"):
        as_hinted([{"a": "x"}], list[dict[str, int | None]])
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert as_hinted([moment], list[dt.datetime]) == [moment]


def test_requirements_are_what_the_code_really_imports(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "own_part.py").write_text(
        "import importlib\ndef work(rows):\n    return importlib.import_module('ya' + 'ml').safe_dump(list(rows))\n"
    )

    def model(rows: Any) -> Any:
        return __import__("own_part").work(rows)

    options = SaveOptions(code_paths=[str(tmp_path / "code" / "own_part.py")], input_example=[1, 2])
    before = list(sys.path)
    try:
        save("pyfunc", model, tmp_path / "m", options)
    finally:
        sys.path[:] = before
        sys.modules.pop("own_part", None)
    lines = (tmp_path / "m" / "requirements.txt").read_text().splitlines()
    assert any(line.startswith("PyYAML==") for line in lines)
    assert not any(line.startswith(("msgspec", "treering")) for line in lines)


def test_a_model_that_takes_too_long_to_watch_is_saved_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "slow.py").write_text(
        "import sys, time\nfrom treering.models.code_models import set_model\n"
        "if 'pytest' not in sys.modules:\n    time.sleep(60)\nset_model(print)\n"
    )
    save("pyfunc", str(tmp_path / "slow.py"), tmp_path / "m", SaveOptions(watch=2.0))
    assert "longer than 2.0 seconds" in caplog.text
    assert (tmp_path / "m" / "requirements.txt").read_text()


def test_requirements_from_files_with_constraints(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("b==2\n")
    (tmp_path / "bounds.txt").write_text("c<3\n")
    (tmp_path / "all.txt").write_text("# mine\na==1 # first\n\n-r more.txt\n-c bounds.txt\n")
    save("pyfunc", shout, tmp_path / "m", SaveOptions(pip_requirements=str(tmp_path / "all.txt")))
    assert (tmp_path / "m" / "requirements.txt").read_text().splitlines() == ["a==1", "b==2", "-c constraints.txt"]
    assert (tmp_path / "m" / "constraints.txt").read_text() == "c<3\n"
    listed = SaveOptions(pip_requirements=["x==1", f"-r {tmp_path / 'more.txt'}"])
    save("pyfunc", shout, tmp_path / "n", listed)
    assert (tmp_path / "n" / "requirements.txt").read_text().splitlines() == ["x==1", "b==2"]
    with pytest.raises(NotFound, match="none"):
        save("pyfunc", shout, tmp_path / "o", SaveOptions(pip_requirements=str(tmp_path / "none.txt")))
    (tmp_path / "more.txt").write_text("-r all.txt\n")
    with pytest.raises(InvalidInput, match="refer to themselves"):
        save("pyfunc", shout, tmp_path / "o", SaveOptions(pip_requirements=str(tmp_path / "all.txt")))


def test_a_conda_environment_is_kept_as_it_is(tmp_path: Path) -> None:
    env = {"name": "x", "dependencies": ["python=3.11", "libfoo", {"pip": ["a==1"]}]}
    (tmp_path / "env.yaml").write_text(yaml.safe_dump(env))
    for number, given in enumerate([env, str(tmp_path / "env.yaml")]):
        folder = tmp_path / f"m{number}"
        save("pyfunc", shout, folder, SaveOptions(conda_env=given))  # type: ignore[arg-type]
        assert yaml.safe_load((folder / "conda.yaml").read_text()) == env
        assert (folder / "requirements.txt").read_text() == "a==1\n"
    with pytest.raises(InvalidInput, match="conda_env goes without"):
        save("pyfunc", shout, tmp_path / "n", SaveOptions(conda_env=env, pip_requirements=["a"]))


def test_a_project_of_uv_goes_along(tmp_path: Path) -> None:
    for name in ("uv.lock", "pyproject.toml"):
        (tmp_path / name).write_text("x = 1")
    save("pyfunc", shout, tmp_path / "m", SaveOptions(uv_project_path=str(tmp_path)))
    assert (tmp_path / "m" / "uv.lock").is_file()
    assert (tmp_path / "m" / "pyproject.toml").is_file()
    with pytest.raises(NotFound, match=r"uv\.lock"):
        save("pyfunc", shout, tmp_path / "n", SaveOptions(uv_project_path=str(tmp_path / "m" / "data")))


def test_the_code_of_a_project_is_found_by_itself(tmp_path: Path) -> None:
    (tmp_path / "project_part").mkdir()
    (tmp_path / "project_part" / "__init__.py").write_text("")
    (tmp_path / "project_part" / "steps.py").write_text("def double(rows):\n    return [2 * row for row in rows]\n")
    program = (
        "from pathlib import Path\nfrom project_part.steps import double\n"
        "from treering.models.folder import SaveOptions, save\n"
        "save('pyfunc', lambda rows: double(rows), Path('m'), SaveOptions(infer_code_paths=True))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert (tmp_path / "m" / "code" / "project_part" / "steps.py").is_file()
    before = list(sys.path)
    try:
        assert load(tmp_path / "m", TRUSTING).predict([1, 2]) == [2, 4]
    finally:
        sys.path[:] = before
        for name in ("project_part", "project_part.steps"):
            sys.modules.pop(name, None)
