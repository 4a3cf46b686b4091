"""Parameters in a Python file: what is assigned as a literal, read without running anything.

Assignments stand at the top, in a class (then under the class's name), or to
`self` in `__init__`. What is not a literal is no parameter, and is passed over.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from treering.core.errors import InvalidInput

__all__ = ["parse"]


def parse(text: str, name: str) -> Any:
    """As `formats.parse`."""
    try:
        tree = ast.parse(text, filename=name)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        msg = f"{name}{line} is not Python: {getattr(error, 'msg', error)}. Correct it there."
        raise InvalidInput(msg) from error
    return _assigned(tree.body, of_self=False)


def _assigned(body: Iterable[ast.stmt], *, of_self: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            found[statement.name] = _assigned(statement.body, of_self=False)
        elif isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            found.update(_assigned(statement.body, of_self=True))
        else:
            _take(statement, found, of_self=of_self)
    return found


def _take(statement: ast.stmt, found: dict[str, Any], *, of_self: bool) -> None:
    target: ast.expr
    if isinstance(statement, ast.AnnAssign):
        target = statement.target
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    else:
        return
    name = _name(target, of_self=of_self)
    if name and statement.value is not None:
        try:
            found[name] = ast.literal_eval(statement.value)
        except (ValueError, TypeError):  # no literal
            return


def _name(target: ast.expr, *, of_self: bool) -> str:
    if isinstance(target, ast.Name):
        return "" if of_self else target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return target.attr
    return ""
