"""Formulas that only compute, and those that do anything else."""

from __future__ import annotations

import pytest

from treering.models.safety.formulas import is_plain


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ a + b - 1",
        "y ~ a*b + a:b + (a + b)**2 + 0",
        "np.log(y) ~ C(kind, Treatment(reference='x')) + I(a**2)",
        "y ~ numpy.exp(a) + np.sqrt(abs(b) + 1) + C(n > 2)",
        "y ~ Q('odd name') + bs(a, df=4) + standardize(b)",
        "y ~ a % 2 + (b >= 1.5) + (not (a) or (b < 1e3))",
    ],
)
def test_a_formula_that_only_computes_is_plain(formula: str):
    assert is_plain(formula)


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ __import__('os').system('x')",
        "y ~ exec('x')",
        "y ~ eval(a)",
        "y ~ open('f', 'w')",
        "y ~ np.load('f')",
        "y ~ np.lib.npyio.load('f')",
        "y ~ np.add.at(a)",
        "y ~ a.to_pickle('f')",
        "y ~ 'x'.format(a)",
        "y ~ (lambda: 1)()",
        "y ~ C(a)(b)",
        "y ~ 'f'(b)",
        "y ~ [c for c in a]",
        "y ~ {a}",
        "y ~ `a`",
        "y ~ f'{a}'",
        "y ~ a if b else c",
        "y ~ a; import os",
        "y ~ _private(a)",
        "y ~ (a",
        ". ~ a",
        "y ~ True(a)",
        "y ~ a(b)",
        None,
        b"y ~ a",
    ],
)
def test_a_formula_that_does_anything_else_is_not(formula: object):
    assert not is_plain(formula)
