"""What a model says that it needs: read from its files, and changed in all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from treering.core.errors import DamagedData, InvalidInput, NotFound
from treering.environments.specification import changed, name_of, read, rewrite
from treering.models.environment_files import write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, ["scikit-learn==1.5.0", "numpy>=1.26,<3", "pandas[parquet]==2.2 ; python_version > '3.8'"])
    return tmp_path


def test_files_that_a_model_brings_are_read(folder: Path):
    found = read(folder, ["treering-needs==1"])
    assert found.requirements[0] == "scikit-learn==1.5.0"
    assert found.python.startswith("3.")
    assert found.ours == ("treering-needs==1",)
    assert any(one.startswith("pip") for one in found.build)


def test_a_folder_with_conda_alone_is_understood(tmp_path: Path):
    conda = {"dependencies": ["python=3.12.1", "pip<=24", {"pip": ["scikit-learn==1.5.0"]}]}
    (tmp_path / "conda.yaml").write_text(yaml.safe_dump(conda))
    found = read(tmp_path)
    assert found.python == "3.12.1"
    assert found.requirements == ("scikit-learn==1.5.0",)


def test_comments_and_constraints_are_no_requirements(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("# made by hand\nnumpy  # any\n-c constraints.txt\n\n")
    (tmp_path / "constraints.txt").write_text("numpy<3\n")
    found = read(tmp_path)
    assert (found.requirements, found.constraints) == (("numpy",), ("numpy<3",))


def test_what_says_nothing_or_is_damaged_is_refused(tmp_path: Path):
    with pytest.raises(NotFound, match="does not say what it needs"):
        read(tmp_path)
    (tmp_path / "conda.yaml").write_text("[1, 2")
    with pytest.raises(DamagedData, match=r"conda\.yaml is damaged"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("line", "name"),
    [("Scikit_Learn==1.5", "scikit-learn"), ("a.b[x,y]>=1", "a-b"), ("torch @ https://example.com/t.whl", "torch"),
     ("-r other.txt", ""), ("git+https://example.com/x", ""), ("", "")],
)  # fmt: skip
def test_the_name_of_a_requirement(line: str, name: str):
    assert name_of(line) == name


def test_adding_replaces_and_removing_removes(folder: Path):
    assert rewrite(folder, "add", ["NumPy==2.0", "xgboost"])[1:] == [
        "NumPy==2.0", "pandas[parquet]==2.2 ; python_version > '3.8'", "xgboost",
    ]  # fmt: skip
    rewrite(folder, "remove", ["pandas", "scikit_learn"])
    assert (folder / "requirements.txt").read_text() == "NumPy==2.0\nxgboost\n"
    conda = yaml.safe_load((folder / "conda.yaml").read_text())
    assert conda["dependencies"][-1] == {"pip": ["NumPy==2.0", "xgboost"]}
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_changed_is_told(folder: Path):
    with pytest.raises(InvalidInput, match="does not require tensorflow"):
        rewrite(folder, "remove", ["tensorflow"])
    with pytest.raises(InvalidInput, match="No requirements by name"):
        rewrite(folder, "add", ["==1"])
    with pytest.raises(InvalidInput, match="no operation"):
        changed([], "swap", ["a"])
