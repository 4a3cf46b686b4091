"""Pages hold every point once, and only the blocks that they need are decoded."""

import random
import struct
from dataclasses import replace

import pytest

from treering.core.errors import InvalidInput
from treering.entities.metric import MetricColumns, MetricSegment
from treering.storage.series.merge import merge
from treering.storage.series.page import page
from treering.storage.series.segments import cut


def rows(columns: MetricColumns) -> list[tuple[int, int, bytes]]:
    return [
        (step, timestamp, struct.pack("<d", value))
        for step, timestamp, value in zip(columns.steps, columns.timestamps, columns.values, strict=True)
    ]


def blocks_of(points: list[tuple[int, int, float]], size: int) -> list[MetricSegment]:
    steps, timestamps, values = (list(column) for column in zip(*points, strict=True))
    return cut("r", "k", MetricColumns(steps, timestamps, values), size)


@pytest.mark.parametrize("limit", [1, 3, 10, 100, 1000])
@pytest.mark.parametrize("seed", range(5))
def test_pages_together_are_the_series(limit: int, seed: int) -> None:
    chance = random.Random(seed)
    values = [float("nan"), -0.0, 0.0, 1.0, float("inf")]
    points = [(chance.randrange(4), chance.randrange(12), chance.choice(values)) for _ in range(300)]
    blocks = blocks_of(points, 40)
    seen, token = [], ""
    while True:
        found, token = page(blocks, limit, token)
        assert len(found) <= limit
        seen += rows(found)
        if not token:
            break
    assert seen == rows(merge(block.data for block in blocks))


def test_without_a_limit_there_is_one_page() -> None:
    blocks = blocks_of([(step, step, 1.0) for step in range(100)], 10)
    found, token = page(blocks, None, "")
    assert (len(found), token) == (100, "")
    first, token = page(blocks, 30, "")
    rest, token = page(blocks, None, token)
    assert (len(first), len(rest), token) == (30, 70, "")


def test_blocks_that_a_page_cannot_touch_are_not_decoded() -> None:
    blocks = blocks_of([(step, step, 1.0) for step in range(100)], 10)
    first, token = page([*blocks[:4], *(replace(block, data=b"damaged") for block in blocks[4:])], 15, "")
    assert list(first.steps) == list(range(15))
    second, _ = page(
        [replace(blocks[0], data=b"damaged"), *blocks[1:6], *(replace(block, data=b"x") for block in blocks[6:])],
        15,
        token,
    )
    assert list(second.steps) == list(range(15, 30))


def test_no_blocks_are_an_empty_page() -> None:
    found, token = page([], 10, "")
    assert (len(found), token) == (0, "")


@pytest.mark.parametrize("token", ["x", "1", "1.2", "1.2.3.4", "1.2.x", " 1.2.3", "9223372036854775808.0.0"])
def test_a_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput, match="page token"):
        page(blocks_of([(0, 0, 1.0)], 10), 10, token)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_refused(limit: int) -> None:
    with pytest.raises(InvalidInput, match="max_results"):
        page([], limit, "")
