"""Public means: in `__all__`, there, and cheap to import."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.core.errors import MissingExtra

Module = Any  # of conftest.py, which tests cannot import

ALLOWED_FIRST_PARTY = {"treering"}


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after `statement`, and had not before."""
    program = f"import sys, json; before = set(sys.modules); {statement}; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True, text=True)
    return set(json.loads(done.stdout))


def test_importing_treering_loads_one_module_and_nothing_third_party() -> None:
    loaded = loaded_by("import treering")
    assert {name for name in loaded if name.split(".")[0] == "treering"} == ALLOWED_FIRST_PARTY
    assert {name for name in loaded if name.split(".")[0] not in {*sys.stdlib_module_names, "treering"}} == set()


def test_every_public_name_of_the_package_resolves() -> None:
    names = getattr(treering, "__all__", [])
    if not names:
        pytest.skip("treering has no public names yet")
    without_extra = []
    for name in names:
        try:
            assert getattr(treering, name) is not None or name == "__version__"
        except MissingExtra as missing:
            without_extra.append(f"{name}: {missing}")
    if without_extra:
        pytest.skip("; ".join(without_extra))


def test_the_package_lists_its_names_and_refuses_others() -> None:
    assert set(getattr(treering, "__all__", [])) <= set(dir(treering))
    with pytest.raises(AttributeError, match="no_such_name"):
        treering.no_such_name  # noqa: B018 looking it up is the test


def test_the_lazy_table_and_its_typed_twin_agree() -> None:
    tree = ast.parse(importlib.util.find_spec("treering").loader.get_source("treering"))
    twin: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for inner in node.body:
                if isinstance(inner, ast.ImportFrom | ast.Import):
                    twin |= {alias.asname or alias.name for alias in inner.names}
    defined = {
        name
        for node in tree.body
        for name in _names_bound_by(node)
        if not name.startswith("_") and not isinstance(node, ast.If | ast.Import | ast.ImportFrom)
    }
    names = set(getattr(treering, "__all__", []))
    assert names - defined - {"__version__"} <= twin, "type checkers do not see these names"


def test_each_module_says_what_is_public(modules: list[Module]) -> None:
    found = {}
    for module in modules:
        public = {
            node.name
            for node in module.tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            and not node.name.startswith("_")
            and not _is_handed_to_its_group(node)
        }
        if "migrations" not in module.name and (missing := public - set(_listed(module.tree) or ())):
            found[module.name] = sorted(missing)
    assert found == {}, "make these private or list them in __all__"


def test_the_linter_sorts_what_is_public(root: Path) -> None:
    assert "RUF022" not in (root / "pyproject.toml").read_text("utf-8")


def test_each_all_is_true(modules: list[Module]) -> None:
    for module in modules:
        listed = _listed(module.tree)
        if listed is None:
            continue
        assert len(set(listed)) == len(listed), f"{module.path}: a name stands twice in __all__"
        bound = {name for node in ast.walk(module.tree) for name in _names_bound_by(node)}
        lazy = any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in module.tree.body)
        if not lazy:
            assert set(listed) <= bound, f"{module.path}: __all__ names what is not there: {set(listed) - bound}"


def _is_handed_to_its_group(node: ast.AST) -> bool:
    """Whether it is a subcommand, `@group.command(...)`: reached through its group and by no import."""
    for decorator in getattr(node, "decorator_list", []):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if (
            isinstance(called, ast.Attribute)
            and called.attr in {"command", "group"}
            and ast.unparse(called.value) != "click"
        ):
            return True
    return False


def _listed(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in targets
        ):
            try:
                return list(ast.literal_eval(node.value))
            except ValueError:
                return None  # computed from the lazy table, which another test looks at
    return None


def _names_bound_by(node: ast.AST) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.Assign):
        return {inner.id for target in node.targets for inner in ast.walk(target) if isinstance(inner, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()
