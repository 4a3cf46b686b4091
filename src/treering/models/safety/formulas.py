"""Model formulas, such as `y ~ a + np.log(b)`: Python that is run again when a model that has one is read."""

from __future__ import annotations

import io
import keyword
import tokenize
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["foreign_formula", "is_plain"]

# What Patsy and Formulaic bring for formulas; none of it runs what its arguments say.
_FUNCTIONS = {
    *("C", "Diff", "Helmert", "I", "Poly", "Q", "Sum", "Treatment", "bs", "cc", "center", "cr", "poly", "scale"),
    *("standardize", "te"),
    *("abs", "max", "min", "round"),
}
_WORDS = {"True", "False", "None", "and", "in", "not", "or"}
_SIGNS = {*"+-*/:~(),^|=<>%&", "**", "//", "==", "!=", "<=", ">="}
# After which a bracket calls nothing.
_BEFORE_BRACKETS = {"", "and", "in", "not", "or", *_SIGNS} - {")"}
_LAYOUT = {tokenize.ENDMARKER, tokenize.NEWLINE, tokenize.NL}


# Keys of a state that make statsmodels evaluate a formula.
_RESTORED = ("restore_model_spec", "restore_design_info")


def foreign_formula(state: Mapping[str, Any]) -> str:
    """The formula that the data of a model of statsmodels run when they are read, if it does more; "" otherwise."""
    formula = state.get("formula")
    return repr(formula) if any(key in state for key in _RESTORED) and not is_plain(formula) else ""


def is_plain(formula: object) -> bool:
    """Whether a formula only computes: with columns, numbers, NumPy's element-wise functions and those of formulas."""
    if type(formula) is not str:
        return False
    try:
        found = [one for one in tokenize.generate_tokens(io.StringIO(formula).readline) if one.type not in _LAYOUT]
    except (tokenize.TokenError, SyntaxError):
        return False
    tokens = [one.string for one in found]
    kinds = [one.type for one in found]
    return all(map(_is_known, kinds, tokens)) and _calls_are_known(tokens)


def _is_known(kind: int, token: str) -> bool:
    if kind == tokenize.OP:
        return token in _SIGNS or token == "."  # noqa: S105  # a sign, no password
    if kind == tokenize.STRING:
        return token[0] in "'\""  # no f-strings, which hold code
    if kind == tokenize.NAME:
        return not token.startswith("_") and (token in _WORDS or not keyword.iskeyword(token))
    return kind == tokenize.NUMBER


def _calls_are_known(tokens: list[str]) -> bool:
    """Nothing is called, and no attribute taken, but NumPy's element-wise functions and those of formulas."""
    before = ""
    for token, following in pairwise(["", *tokens]):
        if following == "." and token not in {"np", "numpy"}:
            return False
        if token == "." and not isinstance(getattr(np, following, None), np.ufunc):  # noqa: S105  # a sign
            return False
        called = following == "(" and before != "." and token not in _BEFORE_BRACKETS
        if called and token not in _FUNCTIONS:
            return False
        before = token
    return True
