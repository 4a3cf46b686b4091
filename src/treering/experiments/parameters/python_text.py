"""Sets values in a Python file of parameters: assigned constants, in their places, and nothing else."""

from __future__ import annotations

import ast
from typing import Any

from treering.core.errors import NotSupported
from treering.experiments.parameters.changes import GONE, NEW, changes, same
from treering.pipelines.formats import parse

__all__ = ["rewrite"]


def rewrite(text: str, old: Any, new: Any, name: str) -> str:
    """As `assigning.Rewriter`.

    Raises:
        NotSupported: If something shall be added or removed, or is not assigned in one place.
    """
    tree = ast.parse(text)
    lines = text.encode().splitlines(keepends=True)
    places = []
    for change in changes(old, new):
        if change.old is NEW or change.new is GONE:
            raise _by_hand(name, change.way, "only values that are there can be set in a Python file")
        node = _assigned(tree.body, change.way)
        if node is None:
            raise _by_hand(name, change.way, "it is not one constant that is assigned in one place")
        places.append((node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, repr(change.new)))
    for first, start, last, end, value in sorted(places, reverse=True):
        assert last is not None  # noqa: S101 - parsed nodes have an end
        lines[first - 1 : last] = [lines[first - 1][:start] + value.encode() + lines[last - 1][end:]]
    written = b"".join(lines).decode()
    if not same(parse(written, name), new):
        raise _by_hand(name, (), "its values depend on each other")
    return written


def _by_hand(name: str, way: tuple[Any, ...], reason: str) -> NotSupported:
    what = f" {'.'.join(map(str, way))!r}" if way else ""
    return NotSupported(f"The parameter{what} cannot be set in {name}: {reason}. Edit the file, and run without it.")


def _assigned(body: list[ast.stmt], way: tuple[Any, ...], *, of_self: bool = False) -> ast.expr | None:
    """The expression behind the last assignment to what the way leads to."""
    for statement in reversed(body):
        if isinstance(statement, ast.ClassDef) and not of_self and statement.name == way[0]:
            return _assigned(statement.body, way[1:]) if len(way) > 1 else None
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__" and not of_self:
            found = _assigned(statement.body, way, of_self=True)
            if found is not None:
                return found
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, value = statement.target, statement.value
        else:
            continue
        if _name(target, of_self=of_self) == way[0]:
            return _inner(value, way[1:])
    return None


def _name(target: ast.expr, *, of_self: bool) -> str | None:
    if isinstance(target, ast.Name) and not of_self:
        return target.id
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        return target.attr
    return None


def _inner(node: ast.expr, way: tuple[Any, ...]) -> ast.expr | None:
    for step in way:
        if isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            if step not in keys:
                return None
            node = node.values[keys.index(step)]
        elif isinstance(node, ast.List | ast.Tuple) and isinstance(step, int):
            node = node.elts[step]
        else:
            return None
    return node
