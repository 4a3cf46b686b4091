"""What the flavours of networks share, without a framework."""

from __future__ import annotations

from pathlib import Path

import pytest

from treering.core.errors import InvalidInput, NotFound, TreeringError
from treering.models.networks import copy_extra_files


def test_extra_files_go_along_under_mlflows_names(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "words.txt").write_text("a b")
    (tmp_path / "more.json").write_text("{}")
    given = [str(tmp_path / "words.txt"), (tmp_path / "more.json").as_uri()]
    said = copy_extra_files(tmp_path / "m", {"extra_files": given})
    assert said == {"extra_files": [{"path": "extra_files/words.txt"}, {"path": "extra_files/more.json"}]}
    assert (tmp_path / "m" / "extra_files" / "words.txt").read_text() == "a b"
    assert copy_extra_files(tmp_path / "m", {}) == {}


@pytest.mark.parametrize(
    ("given", "kind", "why"),
    [
        (["none.txt"], NotFound, "none.txt"),
        (["a.txt", "b/a.txt"], InvalidInput, "called 'a.txt'"),
        ("a.txt", InvalidInput, "a list of files"),
    ],
)
def test_extra_files_that_cannot_go_along_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: object, kind: type[TreeringError], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("m", "b"):
        Path(folder).mkdir()
    for name in ("a.txt", "b/a.txt"):
        Path(name).write_text(name)
    with pytest.raises(kind, match=why):
        copy_extra_files(tmp_path / "m", {"extra_files": given})
