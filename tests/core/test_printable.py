from __future__ import annotations

import pytest

from treering.core.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 模型 👩‍🔬", "plain ü 模型 👩‍🔬"),
        ("a\x1b[31mred", "a�[31mred"),
        ("a\x9b31mred\x7f", "a�31mred�"),
        ("passed\u202edeliaf", "passed�deliaf"),
        ("a\n::error::b\r\tc\u2028d", "a ::error::b  c d"),
        ("\ud800", "�"),
        ("", ""),
    ],
)
def test_what_would_steer_a_terminal_is_not_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_line_breaks_stay_where_they_may() -> None:
    assert printable("a\nb\x1bc", lines=True) == "a\nb�c"
