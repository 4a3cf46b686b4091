"""Calls of `treering.models` and `treering.pyfunc` about models that are there, near a store of their own."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import treering
from treering.core.errors import InvalidInput, NotFound, PermissionDenied

ROWS = np.array([[0.0, 1.0], [1.0, 0.0]])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    treering.sklearn.save_model(Ridge().fit(ROWS, [0.0, 1.0]), tmp_path / "m", input_example=ROWS, metadata={"x": 1})
    return tmp_path / "m"


def test_what_is_known_of_a_model(folder: Path) -> None:
    info = treering.models.get_model_info(str(folder))
    assert info.metadata == {"x": 1}
    assert set(info.flavors) == {"python_function", "sklearn"}
    assert info.signature is not None
    assert info.saved_input_example_info["type"] == "ndarray"
    with pytest.raises(NotFound):
        treering.models.get_model_info(str(folder / "nothing"))


def test_a_signature_is_given_to_a_logged_model(folder: Path) -> None:
    signature = treering.models.infer_signature(ROWS.astype("float32"))
    treering.models.set_signature(str(folder), signature)
    assert treering.models.get_model_info(str(folder)).signature == signature
    with pytest.raises(InvalidInput, match="do not change"):
        treering.models.set_signature("models:/m/1", signature)
    with pytest.raises(InvalidInput, match="no signature"):
        treering.models.set_signature(str(folder), "x")


def test_requests_are_made_and_answered(folder: Path) -> None:
    body = treering.models.convert_input_example_to_serving_input(ROWS)
    assert json.loads(body) == {"inputs": ROWS.tolist()}
    assert treering.models.convert_input_example_to_serving_input(None) is None
    found = treering.models.validate_serving_input(str(folder), body)
    np.testing.assert_array_equal(found, treering.pyfunc.load_model(str(folder)).predict(ROWS))
    with pytest.raises(InvalidInput):
        treering.models.validate_serving_input(str(folder), {"inputs": [["x"]]})


def test_files_of_the_environment_are_found(folder: Path) -> None:
    assert Path(treering.pyfunc.get_model_dependencies(str(folder))).name == "requirements.txt"
    assert Path(treering.pyfunc.get_model_dependencies(str(folder), format="conda")).name == "conda.yaml"
    with pytest.raises(InvalidInput, match="Known ones"):
        treering.pyfunc.get_model_dependencies(str(folder), format="npm")


def test_a_description_is_changed_and_written_again(folder: Path) -> None:
    model = treering.models.Model.load(folder)
    model.metadata = {"y": 2}
    treering.pyfunc.add_to_model(model, "mylab.loader", data="m", conda_env="conda.yaml")
    model.save(folder / "MLmodel")
    again = treering.models.Model.load(str(folder / "MLmodel"))
    assert again == model
    assert again.metadata == {"y": 2}
    assert again.flavors["python_function"]["env"] == {"conda": "conda.yaml"}
    assert treering.models.Model.from_dict(model.to_dict()) == model
    assert again.load_input_example(folder).tolist() == ROWS.tolist()


def test_a_flavour_of_other_people_is_logged(home: Path) -> None:
    def save_model(path: str, mlflow_model: Any, text: str) -> None:
        Path(path).mkdir()
        (Path(path) / "text.txt").write_text(text)
        mlflow_model.add_flavor("texts", data="text.txt")
        mlflow_model.save(Path(path) / "MLmodel")

    treering.set_tracking_uri(str(home / "store"))
    with treering.start_run():
        info = treering.models.Model.log("said", SimpleNamespace(save_model=save_model), text="hello")
    assert set(info.flavors) == {"texts"}
    fetched = treering.artifacts.download_artifacts(info.model_uri)
    assert (Path(fetched) / "text.txt").read_text() == "hello"
    assert treering.models.get_model_info(info.model_uri).model_id == info.model_id


def test_code_of_others_needs_a_word_and_ones_own_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TREERING_OWN_MODELS", str(home / "own"))
    treering.pyfunc.save_model(home / "mine", python_model=lambda rows: rows)
    assert treering.pyfunc.load_model(str(home / "mine")).predict(3) == 3
    monkeypatch.setenv("TREERING_OWN_MODELS", str(home / "of another user"))
    with pytest.raises(PermissionDenied, match="trust=True"):
        treering.pyfunc.load_model(str(home / "mine"))
    assert treering.pyfunc.load_model(str(home / "mine"), trust=True).predict(3) == 3


def test_options_that_do_not_go_together_are_refused(home: Path) -> None:
    with pytest.raises(InvalidInput, match="exactly one"):
        treering.pyfunc.save_model(home / "m")
    with pytest.raises(InvalidInput, match="exactly one"):
        treering.pyfunc.save_model(home / "m", loader_module="x", python_model=print)
    with pytest.raises(TypeError, match="twice"):
        treering.sklearn.save_model(Ridge(), home / "m", sk_model=Ridge())
    with pytest.raises(InvalidInput, match="needs the model"):
        treering.sklearn.save_model()


def test_a_model_that_is_fetched_lies_where_it_was_asked_for(home: Path) -> None:
    treering.set_tracking_uri((home / "store").as_uri())
    model = Ridge().fit(ROWS, [0.0, 1.0])
    info = treering.sklearn.log_model(model, name="m", registered_model_name="fetched")
    for number, uri in enumerate((info.model_uri, "models:/fetched/1", f"runs:/{info.run_id}/m")):
        target = home / f"to-{number}"
        found = treering.artifacts.download_artifacts(uri, dst_path=target)
        assert (Path(found) / "MLmodel").is_file()
        # As in MLflow: of a model its files, of a run what lies there under its name.
        assert Path(found).name == target.name or uri.startswith("runs:")
    part = treering.artifacts.download_artifacts("models:/fetched/1/model.skops", dst_path=home / "part")
    assert Path(part) == home / "part" / "model.skops"
    loaded = treering.sklearn.load_model("models:/fetched/1", dst_path=str(home / "loaded"))
    np.testing.assert_array_equal(loaded.predict(ROWS), model.predict(ROWS))
    assert (home / "loaded" / "MLmodel").is_file()
    with pytest.raises(InvalidInput):
        treering.artifacts.download_artifacts("models:/fetched/1/../../x", dst_path=home / "part")
    treering.end_run()


def test_what_a_model_of_others_imports_is_seen_only_with_the_users_word(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "model.py").write_text(
        "from pathlib import Path\n"
        f"Path({str(home / 'it-ran')!r}).touch()\n"
        "import treering.models\n"
        "treering.models.set_model(lambda rows: rows)\n"
    )
    treering.pyfunc.save_model(home / "m", python_model=str(home / "model.py"), pip_requirements=[])
    (home / "it-ran").unlink()
    (home / "m" / "model.py").write_text((home / "m" / "model.py").read_text() + "# changed by somebody else\n")
    with pytest.raises(InvalidInput, match="could not be seen"):
        treering.models.infer_pip_requirements(str(home / "m"), "pyfunc")
    assert "TREERING_ALLOW_MODEL_CODE" in caplog.text
    assert not (home / "it-ran").exists()
    treering.models.infer_pip_requirements(str(home / "m"), "pyfunc", trust=True)
    assert (home / "it-ran").exists()
