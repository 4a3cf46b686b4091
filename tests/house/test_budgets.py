"""Files and functions stay small, and are named after the one thing they do."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

Module = Any  # of conftest.py, which tests cannot import

LONGEST_FILE = 800
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
CODE = {".py", ".ts", ".tsx", ".css", ".sh", ".js", ".mjs"}


def test_no_file_is_longer_than_the_budget(tracked: list[Path]) -> None:
    lengths = {
        path: len(path.read_text("utf-8").splitlines())
        for path in tracked
        if path.suffix in CODE and not path.name.endswith(".d.ts")  # written from the OpenAPI document
    }
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_file_is_named_after_nothing(tracked: list[Path], root: Path) -> None:
    found = [
        str(path)
        for path in tracked
        if path.suffix in CODE and NO_NAMES & {part.partition(".")[0] for part in path.relative_to(root).parts}
    ]
    assert found == []


def test_functions_have_a_budget(root: Path) -> None:
    lint = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    assert lint["mccabe"]["max-complexity"] <= 10
    assert lint["pylint"]["max-args"] <= 6
    assert lint["pylint"]["max-statements"] <= 50
    off = {rule for rules in lint.get("per-file-ignores", {}).values() for rule in rules} | set(lint["ignore"])
    assert off & {"C901", "PLR0915", "PLR0912", "C", "PL", "PLR"} == set()


def test_each_module_opens_with_a_few_sentences(modules: list[Module]) -> None:
    for module in modules:
        if not module.text.strip() and module.path.name == "__init__.py":
            continue
        text = ast.get_docstring(module.tree)
        assert text, f"{module.path} does not say what it is for"
        assert text.rstrip()[-1] in ".:)`|─┘" or "\n" in text, f"{module.path}: its docstring is no sentence"


def test_blind_excepts_stand_only_at_borders(modules: list[Module]) -> None:
    blind = []
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None
                or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
            ):
                line = module.text.splitlines()[node.lineno - 1]
                # One that cleans up and raises again hides nothing.
                if not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node)) and (
                    "# noqa: BLE001" not in line
                ):
                    blind.append(f"{module.path}:{node.lineno}")
    assert blind == []


def test_no_function_writes_module_state(modules: list[Module]) -> None:
    found = [
        f"{module.path}:{node.lineno}"
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_no_module_keeps_an_empty_container_to_be_filled(modules: list[Module]) -> None:
    found = []
    for module in modules:
        for node in module.tree.body:
            value = getattr(node, "value", None) if isinstance(node, ast.Assign | ast.AnnAssign) else None
            empty = (isinstance(value, ast.Dict) and not value.keys) or (
                isinstance(value, ast.List | ast.Set) and not value.elts
            )
            called = (
                isinstance(value, ast.Call)
                and isinstance(value.func, ast.Name)
                and value.func.id in {"dict", "list", "set", "defaultdict", "deque", "WeakValueDictionary"}
                and not value.args
            )
            if empty or called:
                found.append(f"{module.path}:{node.lineno}")
    assert found == []


def test_at_most_one_context_variable(modules: list[Module]) -> None:
    holders = [
        module.name
        for module in modules
        for node in module.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and "ContextVar" in ast.unparse(node.value.func)
    ]
    assert len(holders) <= 1, holders
