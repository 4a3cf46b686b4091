"""Where the rows of a text end: as Python's own reader of CSV sees it, however the text is cut."""

from __future__ import annotations

import csv
import io
import random

import pytest

from treering.core.errors import InvalidInput
from treering.storage.tables.rows import blocks_of_rows, count_rows, heading_of

# Values of which each is legal, and most are troublesome.
VALUES = [
    "",
    "1",
    "a b",
    '5" pipe',
    'x""y',
    '"say"',
    '""',
    '"two\nlines"',
    '"a ""b"" c"',
    '"\r\n"',
    '",\n,"',
    '"x"y',
    "é",
]


def rows_of(text: bytes) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text.decode(), newline="")) if row]


@pytest.mark.parametrize("seed", range(60))
def test_blocks_hold_whole_rows_and_all_of_them(seed: int) -> None:
    chosen = random.Random(seed)
    end = chosen.choice(["\n", "\r\n"])
    lines = [",".join(chosen.choice(VALUES) for _ in range(3)) for _ in range(chosen.randrange(1, 40))]
    lines = [line for line in lines for _ in range(chosen.choice([1, 1, 1, 2]))]
    if seed % 3 == 0:
        lines.insert(0, "")
    text = (end.join(lines) + chosen.choice(["", end, end + end])).encode()
    blocks = list(blocks_of_rows(io.BytesIO(text), chosen.randrange(1, 50), "f", ","))
    assert b"".join(blocks) == text
    assert [row for block in blocks for row in rows_of(block)] == rows_of(text)
    assert sum(count_rows(block, ",") for block in blocks) == len(rows_of(text))
    for block in blocks:
        assert count_rows(block, ",") == len(rows_of(block))


def test_lines_without_quotes_are_cut_at_each_end() -> None:
    text = b'{"a": "x\\"y"}\n\n{"a": "}'
    assert list(blocks_of_rows(io.BytesIO(text), 4, "f")) == [b'{"a": "x\\"y"}\n\n', b'{"a": "}']
    assert count_rows(text) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [(b'a,b\n1,"2\n3,4\n', "its quote is not closed"), (b"x" * (65 << 20), "there is no line end")],
    ids=["quote", "line"],
)
def test_a_row_that_does_not_end_is_told_and_not_read_for_ever(text: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        list(blocks_of_rows(io.BytesIO(text + b"x"), 1 << 20, "f", ","))


@pytest.mark.parametrize("size", [3, 70_000])
def test_a_heading_may_be_long_and_hold_line_ends(size: int) -> None:
    heading = ",".join(f'"c\n{number}"' for number in range(size)).encode() + b"\r\n"
    stream = io.BytesIO(heading + b"1,2\n")
    assert heading_of(stream, "f", ",") == heading
    assert stream.read() == b"1,2\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [("a,b\n1,2\n".encode("utf-16"), "UTF-16"), (b"a\xff,b\n", "not UTF-8"), (b"a,b\r1,2\r", "carriage return"),
     (b'a,"b\n1,2\n', "quote is not closed")],
)  # fmt: skip
def test_headings_that_are_none_are_told(text: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        heading_of(io.BytesIO(text), "f", ",")
