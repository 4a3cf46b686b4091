"""Where the rows of a text end: as Python's own reader of CSV sees it, however the text is cut."""

from __future__ import annotations

import csv
import gzip
import io
import random
from pathlib import Path

import pytest

from treering.core.errors import InvalidInput
from treering.storage.tables.rows import blocks_of_rows, count_rows, names_of, opened

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
@pytest.mark.parametrize("name", ["a.csv", "A.CSV.GZ"])
def test_a_heading_may_be_long_and_hold_line_ends(tmp_path: Path, size: int, name: str) -> None:
    heading = ",".join(f'"c\n{number}"' for number in range(size)).encode() + b"\r\n"
    content = b"\xef\xbb\xbf" + heading + b"1,2\n"
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith("GZ") else content)
    with opened(str(file), ",", heading=True) as text:
        assert text.heading == heading
        assert text.stream.read() == b"1,2\n"
    assert len(names_of(heading, "f", ",")) == size


@pytest.mark.parametrize(
    ("content", "why"),
    [("a,b\n1,2\n".encode("utf-16"), "UTF-16"), (b"a\xff,b\n", "not UTF-8"), (b"a,b\r1,2\r", "carriage return"), (b"a,b\r1,2\n", "carriage return"),
     (b'a,"b\n1,2\n', "quote is not closed"), (b"", "not even a heading"), (b"a,b,a\n", "same name: a"), (bytes(200_000), "field larger"), (bytes(65 << 20), "there is no line end")],
    ids=["utf16", "utf8", "returns", "return within", "quote", "empty", "twice", "long", "endless"],
)  # fmt: skip
def test_headings_that_are_none_are_told(tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match=why), opened(str(file), ",", heading=True) as text:
        names_of(text.heading, str(file), ",")
