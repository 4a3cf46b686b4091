"""What a traced graph of PyTorch says, looked at before PyTorch reads it.

PyTorch makes Python of parts of the description: it evaluates the sizes, runs the
guards, and takes operators from any module that it reaches. So a graph is plain
only where all of that is on a list.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

__all__ = ["foreign_part"]

_OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims|quantized|quantized_decomposed)\.\w+(\.\w+)?"
    r"|torch\.ops\.torchvision\.(nms|roi_align|roi_pool|ps_roi_align|ps_roi_pool|deform_conv2d)(\.\w+)?"
    r"|torch\.ops\.higher_order\.(associative_scan|cond|map_impl|scan|while_loop|wrap_with_autocast"
    r"|wrap_with_set_grad_enabled)"
    r"|torch\._?sym_\w+"
    r"|_operator\.(abs|add|and_|eq|floordiv|ge|getitem|gt|index|invert|le|lt|mod|mul|ne|neg|not_|or_|pos|pow|sub|truediv)"
    r"|math\.[a-z]\w*"
)
# These read and write files.
_OF_FILES = re.compile(r"torch\.ops\.aten\.(from_file|save)\b.*")
# Names become names in Python; other texts never leave their place unless they hold quotes or brackets.
_NAME, _TEXT = re.compile(r"[\w.]*"), re.compile(r"[\w.,:/<>@#+ -]*")
_NAMES = {"arg", "as_name", "forward_arg_names", "name", "namespace"}
_OPERATORS = {"as_operator", "target"}
_TREES = {"in_spec", "out_spec"}
# Written into Python as quoted texts, or not at all.
_FREE = {"as_string", "as_strings", "metadata"}

_SYMBOL = re.compile(r"_?[a-z]{1,3}\d+|L|inf|int_oo|math|nan|oo|true|false")
_FUNCTIONS = {
    *(
        "Abs",
        "Add",
        "And",
        "BooleanFalse",
        "BooleanTrue",
        "Eq",
        "Equality",
        "Float",
        "Ge",
        "GreaterThan",
        "Gt",
        "Integer",
    ),
    *("Le", "LessThan", "Lt", "Max", "Min", "Mod", "Mul", "Ne", "Not", "Or", "Pow", "Rational", "StrictGreaterThan"),
    *("StrictLessThan", "Symbol", "Unequality", "ceiling", "floor"),
    # PyTorch's own.
    *(
        "CeilDiv",
        "CeilToInt",
        "CleanDiv",
        "FloatPow",
        "FloatTrueDiv",
        "FloorDiv",
        "FloorToInt",
        "Identity",
        "IntTrueDiv",
    ),
    *(
        "IsNonOverlappingAndDenseIndicator",
        "ModularIndexing",
        "PowByNatural",
        "PythonMod",
        "RoundDecimal",
        "RoundToInt",
    ),
    *("ToFloat", "TruncToFloat", "TruncToInt", "Where"),
}
_ATTRIBUTES = {"inf", "isnan", "ndim", "shape", "size", "storage_offset", "stride"}
_PARTS = (
    *(ast.Expression, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Load, ast.operator, ast.unaryop, ast.boolop),
    *(ast.cmpop, ast.Tuple, ast.List, ast.keyword),
)
_LONGEST, _LARGEST, _DEEPEST = 20_000, 1 << 64, 200


def foreign_part(description: Any) -> str:
    """The first part of a graph's description, parsed from JSON, that could become code; "" if there is none."""
    pending: list[tuple[str, Any]] = [("", description)]
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            if wrong := [str(name) for name in value if not _TEXT.fullmatch(name)]:
                return wrong[0]
            pending += [(name, one) for name, one in value.items() if name not in _FREE]
        elif isinstance(value, list):
            pending += [(key, one) for one in value]
        elif isinstance(value, str) and not _is_plain(key, value):
            return f"{key} {value[:200]!r}"
    return ""


def _is_plain(key: str, text: str) -> bool:
    if key in _OPERATORS:
        return _OPERATOR.fullmatch(text) is not None and not _OF_FILES.fullmatch(text)
    if key in {"expr_str", "guards_code"}:
        return _is_formula(text)
    if key in _TREES:
        return _is_tree(text, _NAME if key == "in_spec" else _TEXT)
    return (_NAME if key in _NAMES else _TEXT).fullmatch(text) is not None


def _is_tree(text: str, wanted: re.Pattern[str]) -> bool:
    """Whether a text is JSON in which all texts, those inside of texts too, are mere words."""
    pending: list[tuple[Any, int]] = [(text, 0)]
    while pending:
        value, depth = pending.pop()
        if depth > _DEEPEST:
            return False
        if isinstance(value, str) and value[:1] in {"[", "{"}:
            try:
                pending.append((json.loads(value), depth + 1))
            except (ValueError, RecursionError):
                return False
        elif isinstance(value, str) and not wanted.fullmatch(value):
            return False
        elif isinstance(value, dict):
            pending += [(one, depth + 1) for pair in value.items() for one in pair]
        elif isinstance(value, list):
            pending += [(one, depth + 1) for one in value]
    return True


def _is_formula(text: str) -> bool:
    """Whether a text only computes with sizes."""
    if len(text) > _LONGEST:
        return False
    try:
        parts = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(_is_arithmetic(part) and _is_small(part) for part in parts)


def _is_arithmetic(part: ast.AST) -> bool:
    if isinstance(part, ast.Call):
        return isinstance(part.func, ast.Attribute) or _called(part) in _FUNCTIONS
    if isinstance(part, ast.Name):
        return part.id in _FUNCTIONS or _SYMBOL.fullmatch(part.id) is not None
    if isinstance(part, ast.Attribute):
        return part.attr in _ATTRIBUTES
    if isinstance(part, ast.Subscript):
        return isinstance(part.slice, ast.Constant)
    if isinstance(part, ast.Constant):
        return _is_constant(part.value)
    return isinstance(part, _PARTS)


def _is_constant(value: Any) -> bool:
    if isinstance(value, str):
        return _NAME.fullmatch(value) is not None
    return isinstance(value, float | bool) or (isinstance(value, int) and abs(value) < _LARGEST)


def _called(part: ast.AST) -> str:
    """The name of what is called; "" if nothing is, or what has no name."""
    return part.func.id if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) else ""


def _is_small(part: ast.AST) -> bool:
    """A number to the power of a number takes all memory; a size to the power of a number does not."""
    if isinstance(part, ast.BinOp):
        return not isinstance(part.op, ast.Pow | ast.LShift)
    if not isinstance(part, ast.Call) or _called(part) not in {"Pow", "PowByNatural"}:
        return True
    return bool(part.args) and _called(part.args[0]) == "Symbol"
