"""Imports only go down: the contracts in pyproject.toml are kept, and name every floor and driver."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from treering.models.flavours import FLAVOURS
from treering.storage.metadata import METADATA
from treering.storage.objects import STORES


@pytest.fixture(scope="module")
def pyproject(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


def contract(pyproject: dict[str, Any], kind: str) -> dict[str, Any]:
    found = [item for item in pyproject["tool"]["importlinter"]["contracts"] if item["type"] == kind]
    assert found, f"no contract of type {kind}"
    return found[0]


def test_every_contract_is_kept(root: Path) -> None:
    # In a process of its own: it configures logging for the whole process.
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))",
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_folder_has_a_floor(root: Path, pyproject: dict[str, Any]) -> None:
    layers = contract(pyproject, "layers")
    assert layers["exhaustive"], "a new folder must not land without a floor"
    floors = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    package = root / "src" / "treering"
    present = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert floors | set(layers["exhaustive_ignores"]) >= present - {"__init__", "__main__"}


def test_every_driver_is_reached_by_name_only(pyproject: dict[str, Any]) -> None:
    protected = contract(pyproject, "protected")["protected_modules"]
    for table in (STORES, METADATA):
        for name, target in table.builtins.items():
            module = target.partition(":")[0]
            if not module.startswith("treering.storage."):
                continue  # the floors protect it
            assert any(module == entry or module.startswith(f"{entry}.") for entry in protected), (
                f"{module}, the {table.noun} {name!r}, can be imported past its table:"
                " add it to the contract 'Drivers are reached by name'."
            )


def test_each_flavour_is_kept_apart_from_the_others(pyproject: dict[str, Any]) -> None:
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    (apart,) = [item["modules"] for item in contracts if item["name"] == "Flavours do not know each other"]
    assert sorted(apart) == sorted(target.partition(":")[0] for target in FLAVOURS.builtins.values())


def test_every_rule_of_the_linter_that_is_off_has_a_reason(root: Path) -> None:
    text = (root / "pyproject.toml").read_text("utf-8")
    ignores = text.partition("[tool.ruff.lint]")[2].partition("ignore = [")[2].partition("\n]")[0]
    lines = [line.strip() for line in ignores.splitlines() if line.strip()]
    assert lines
    assert [line for line in lines if "  # " not in line] == []


def test_every_ignore_in_the_code_names_its_rule(tracked: list[Path]) -> None:
    found = []
    for path in tracked:
        if path.suffix != ".py" or "house" in path.parts:
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            bare = ("# noqa" in line and "# noqa: " not in line) or (
                "# type: ignore" in line and "# type: ignore[" not in line
            )
            if bare:
                found.append(f"{path}:{number}")
    assert found == []
