"""Lines of charts travel in few bytes and come back as they were."""

from __future__ import annotations

import gzip
import math
from array import array

import numpy as np
import pytest

from treering.entities.line import Line, LineAxis, LineQuery, LineX
from treering.entities.metric import MetricColumns
from treering.storage.series.codec import encode
from treering.storage.series.line import draw
from treering.wire.dialect import RawRequest
from treering.wire.native.codec import MSGPACK, NATIVE
from treering.wire.native.lines import lines_from, lines_to, query_from, query_to
from treering.wire.native.metrics import LINES

NAN = float("nan")


def same(one: Line, other: Line) -> bool:
    columns = [
        (list(a), list(b))
        for a, b in (
            (one.last, other.last),
            (one.below, other.below),
            (one.above, other.above),
            (one.x.numbers(), other.x.numbers()),
        )
    ]
    return (one.run_id, one.key, one.total) == (other.run_id, other.key, other.total) and all(
        repr(a) == repr(b) for a, b in columns
    )


def test_lines_come_back_and_share_their_x() -> None:
    lines = [
        Line("a", "k", LineX(-3, 1, (1, 70_000)), (1.5, NAN, math.inf), (0.0, 0.5, NAN), (2.0, -0.25, 0.0), 9),
        Line("b", "k", LineX(-3, 1, [1, 70_000]), array("f", [1, 2, 3]), (), (), 3),
        Line("b", "t", LineX(1_700_000_000_123, 1000, ()), (7.0,), (), (), 1),
        Line("b", "m", LineX(0, 1, (), (0.1, 0.2)), (7.0, 8.0), (), (), 2),
    ]
    body = lines_to(lines)
    assert [line.x for line in body.lines] == [0, 0, 1, 2]
    assert len(body.xs) == 3
    for accept in ("application/json", MSGPACK):
        answer = NATIVE.encode(LINES, body, RawRequest({}, {}, {"accept": accept}, b""))
        found = lines_from(NATIVE.decode_response(LINES, answer.content_type, answer.body))
        assert all(same(one, other) for one, other in zip(lines, found, strict=True))
    query = LineQuery(["r"], ["k"], LineAxis.METRIC, "epoch", 0.5, None, 300)
    assert query_from(query_to(query)) == query


@pytest.mark.parametrize("noise", [0.0, 0.05, 10.0])
def test_charts_of_ten_runs_are_at_most_100_kilobytes(noise: float) -> None:
    """Five metrics of 1,000 steps each, 300 points a line, as a browser receives them."""
    random = np.random.default_rng(0)
    steps = np.arange(1000)
    lines = []
    for run in range(10):
        for key in range(5):
            values = np.exp(-steps / 300) + run + noise * random.normal(size=1000)
            blocks = [encode(MetricColumns(range(1000), range(1000), values.tolist()))]
            line = draw((str(run), str(key)), blocks, LineQuery([], [], points=300), 0)
            assert line is not None
            lines.append(line)
    answer = NATIVE.encode(LINES, lines_to(lines), RawRequest({}, {}, {}, b""))
    assert len(gzip.compress(answer.body, 1)) <= 100_000
