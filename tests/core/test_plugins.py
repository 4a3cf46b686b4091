"""The one table class: names to drivers, loaded on first use."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from treering.core.errors import MissingExtra, NotSupported, UnknownPlugin
from treering.core.plugins import Registry

GROUP = "treering.test_rows"


def registry(**targets: str) -> Registry[object]:
    return Registry(GROUP, "test row", dict(sorted(targets.items())), extras={"needy": "pandas"})


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path in which another distribution brings rows."""
    info = tmp_path / "someone_elses-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: someone-elses\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\nforeign = someone_elses:Driver\nhollow = someone_elses:Nothing\nbroken = someone_elses_broken:Driver\n"
    )
    (tmp_path / "someone_elses.py").write_text("class Driver:\n    pass\n")
    (tmp_path / "someone_elses_broken.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("someone_elses", "someone_elses_broken"):
        sys.modules.pop(name, None)


def test_a_row_is_imported_when_it_is_asked_for_and_not_before() -> None:
    sys.modules.pop("colorsys", None)
    table = registry(colours="colorsys:rgb_to_hsv")
    assert "colours" in table
    assert table.names() == ["colours"]
    assert "colorsys" not in sys.modules
    assert table.load("colours") is sys.modules["colorsys"].rgb_to_hsv
    assert table.load("colours") is table.load("colours")


def test_an_unknown_name_lists_the_known_ones() -> None:
    table = registry(one="json:loads", two="json:dumps")
    assert "three" not in table
    with pytest.raises(UnknownPlugin, match=r"no test row called 'three'\. Known ones: one, two\."):
        table.load("three")


def test_rows_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="alphabetical"):
        Registry(GROUP, "test row", {"b": "json:loads", "a": "json:dumps"})


def test_a_missing_package_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needs_more.py").write_text("import a_package_that_is_not_there.part\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingExtra, match=r"pip install 'treering\[pandas\]'") as caught:
        registry(needy="needs_more:Driver").load("needy")
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.usefixtures("installed")
def test_a_missing_package_without_an_extra_names_the_package() -> None:
    with pytest.raises(MissingExtra, match=r"pip install a_package_that_is_not_there"):
        registry().load("broken")


def test_a_module_of_our_own_that_is_missing_is_a_bug_and_stays_one() -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        registry(row="treering.no_such_module:Thing").load("row")
    assert not isinstance(caught.value, MissingExtra)


def test_a_row_that_names_nothing_says_so() -> None:
    with pytest.raises(NotSupported, match="'no_such_name' in json"):
        registry(row="json:no_such_name").load("row")


@pytest.mark.usefixtures("installed")
def test_other_packages_add_rows() -> None:
    table = registry(own="json:loads")
    assert table.names() == ["broken", "foreign", "hollow", "own"]
    assert "foreign" in table
    assert table.load("foreign").__name__ == "Driver"
    with pytest.raises(NotSupported, match="Nothing"):
        table.load("hollow")


@pytest.mark.usefixtures("installed")
def test_a_built_in_row_wins_over_another_package() -> None:
    assert registry(foreign="json:loads").load("foreign") is sys.modules["json"].loads


def test_the_rows_of_a_table_cannot_be_changed() -> None:
    table = registry(one="json:loads")
    with pytest.raises(TypeError):
        table.builtins["two"] = "json:dumps"
