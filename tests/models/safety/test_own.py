"""What counts as the user's own: files as he has saved them, and nothing that hides beside them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sklearn.linear_model import Ridge

from treering.core.errors import PermissionDenied
from treering.models.flavours.base import LoadOptions
from treering.models.folder import SaveOptions, save
from treering.models.loading import load
from treering.models.safety.own import is_own, remember


@pytest.fixture
def register(tmp_path: Path) -> Path:
    (tmp_path / "saved" / "code").mkdir(parents=True)
    (tmp_path / "saved" / "code" / "__init__.py").write_text("")
    remember(tmp_path / "saved", tmp_path / "own")
    return tmp_path / "own"


def test_what_is_not_there_is_nobodys(register: Path, tmp_path: Path) -> None:
    assert is_own(tmp_path / "saved" / "code", register)
    assert not is_own(tmp_path / "gone", register)
    (tmp_path / "saved" / "code" / "broken.py").symlink_to(tmp_path / "gone")
    assert not is_own(tmp_path / "saved" / "code", register)
    (tmp_path / "empty").mkdir()
    assert not is_own(tmp_path / "empty", register)


def test_a_link_to_a_folder_brings_no_code_along(register: Path, tmp_path: Path) -> None:
    """The one file of the code is empty, as is many a user's own; the package that hides beside it is not."""
    save("sklearn", Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), tmp_path / "m")
    evil = tmp_path / "m" / "evil"
    evil.mkdir()
    (evil / "__init__.py").write_text("raise SystemExit('it ran')")
    (tmp_path / "m" / "code").mkdir()
    (tmp_path / "m" / "code" / "__init__.py").write_text("")
    (tmp_path / "m" / "code" / "hidden_package").symlink_to("../evil")
    file = tmp_path / "m" / "MLmodel"
    file.write_text(file.read_text().replace("code: null", "code: code"))
    with pytest.raises(PermissionDenied, match="brings its own code"):
        load(tmp_path / "m", LoadOptions(own=register))
    assert not any(str(tmp_path) in one for one in sys.path)


def test_files_that_a_model_only_carries_are_not_vouched_for(tmp_path: Path) -> None:
    (tmp_path / "theirs.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    options = SaveOptions(own=tmp_path / "own", flavour={"artifacts": {"theirs": str(tmp_path / "theirs.pkl")}})
    save("pyfunc", Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), tmp_path / "m", options)
    assert is_own(tmp_path / "m" / "python_model.pkl", tmp_path / "own")
    assert not is_own(tmp_path / "theirs.pkl", tmp_path / "own")
