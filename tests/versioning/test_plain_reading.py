"""The quick reader of simple YAML says what the whole parser says, or nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest

from treering.core.errors import InvalidInput
from treering.versioning.documents import dump_yaml
from treering.versioning.plain_reading import UNSURE, read_plain
from treering.versioning.yaml_reader import parse

POINTER = b"""outs:
- md5: 22a1a2931c8370d3aeedd7183606fd7f
  size: 14445097
  hash: md5
  path: data.xml
"""
LOCK = b"""schema: '2.0'
stages:
  train@0:
    cmd: python train.py -x --rate=0.1 data: model#1
    deps:
    - path: data
      hash: md5
      md5: 22a1a2931c8370d3aeedd7183606fd7f.dir
    params:
      params.yaml:
        train.rate: 0.1
        train.names:
        - a
        - yes
        plots: [a.csv, 1 ,x/y]
        none: []
"""
# What documents are made of, and what breaks them.
PIECES = (
    *("a", "b.c", "x/y", "1", "007", "1.5", "1e3", "yes", "true", "null", "~", "-1", "a -x --y=1", "a:b", "a#b", "é", "_"),
    *("- ", "-", ": ", ":", "#", " #", '"q"', "'s'", "''", "[a]", "[a, 1,b.c]", "[]", "[", "]", ",", "{}", "|", ">", "&x", "*x", "!!str", "? ", "%", "@", "<<: "),
    *("  ", "    ", "\n", "\n", "\n  ", "\n- ", "\n  - ", "\n    ", "\t", "\r\n", "\x01", "---", "...", "# \x01\n", "# c\n"),
    *("key: ", "k2: ", "k3:", "k4:\n", "2020-01-01", "http://x", ".5", ".inf", "0x1f", "0o17", "<<<<<<< ", "it's", "1_000"),
)  # fmt: skip


@pytest.mark.parametrize("text", [POINTER, LOCK.replace(b"data: model", b"data model")], ids=["pointer", "lock"])
def test_what_is_written_every_day_is_read(text: bytes) -> None:
    assert read_plain(text) is not UNSURE
    assert exact(read_plain(text)) == exact(parse(text, "x"))


@pytest.mark.parametrize(
    "text",
    [b"", b"a", b"a: [[1]]", b"a: [b,]", b"a: [b: c]", b"a: &x 1", b"a: |\n  b", b"a: b\n c", b"a: 1\na: 2", b"a: b: c", b"a: \xc3\xa9", b"- - a", LOCK],
    ids=repr,
)  # fmt: skip
def test_what_takes_more_is_left_to_the_parser(text: bytes) -> None:
    assert read_plain(text) is UNSURE


def test_deep_nesting_is_left_to_the_parser() -> None:
    assert read_plain(b"\n".join(b" " * at + b"a:" for at in range(2000))) is UNSURE


@pytest.mark.parametrize("seed", range(4))
def test_no_document_is_read_otherwise_than_by_the_parser(seed: int) -> None:
    chance = random.Random(seed)
    read = 0
    for _ in range(1500):
        text = document(chance).encode()
        found = read_plain(text)
        if found is UNSURE:
            continue
        read += 1
        try:
            assert exact(found) == exact(parse(text, "x")), text
        except InvalidInput as error:
            pytest.fail(f"{text!r} was read, and is wrong: {error}")
    assert read > 150


def document(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 14)))
    text = dump_yaml({"a": value(chance, 0), "b": value(chance, 0)}).decode()
    if chance.random() < 0.6:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(PIECES) + text[at + chance.randint(0, 2) :]
    return text


def value(chance: random.Random, depth: int) -> Any:
    kind = chance.random()
    if depth > 3 or kind < 0.5:
        return chance.choice([1, 1.5, True, "a", "b c", "x/y.z", "007.x", "p -a --b", "a:b", "k=v", "x" * 32])
    if kind < 0.75:
        return [value(chance, depth + 1) for _ in range(chance.randint(1, 3))]
    return {f"{chance.choice('abc')}{at}": value(chance, depth + 1) for at in range(chance.randint(1, 3))}


def exact(found: Any) -> Any:
    """With types and the order of keys, which `==` does not look at."""
    if isinstance(found, dict):
        return [(type(key), str(key), exact(inner)) for key, inner in found.items()]
    if isinstance(found, list):
        return [exact(inner) for inner in found]
    return type(found), repr(found)
