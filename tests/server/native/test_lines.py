"""Lines for charts through a real server, as a browser on the same machine receives them."""

from __future__ import annotations

import gzip
import json
import random
from array import array
from typing import Any

from treering.entities.metric import MetricColumns
from treering.entities.run import LogBatch, NewRun
from treering.wire.native.codec import NATIVE
from treering.wire.native.lines import lines_from
from treering.wire.native.metrics import LINES

Site = Any  # of conftest.py, which tests cannot import

BROWSER = {"accept-encoding": "gzip, deflate, br, zstd"}
KEYS = ["a", "b", "c", "d", "e"]


def filled(site: Site, runs: int) -> list[str]:
    """Runs with five noisy metrics of 1,000 steps each."""
    noise = random.Random(0)
    steps = array("q", range(1000))
    found = []
    for _ in range(runs):
        run_id = site.services.tracking.runs.create(NewRun("0")).info.run_id
        series = {
            key: MetricColumns(steps, steps, array("d", (0.997**step + noise.gauss(0, 0.05) for step in steps)))
            for key in KEYS
        }
        site.services.tracking.runs.log([LogBatch(run_id, series=series)])
        found.append(run_id)
    return found


def test_a_page_of_charts_is_at_most_100_kilobytes_on_loopback_too(site: Site) -> None:
    runs = filled(site, 10)
    answer = site.ask("POST", "/api/v1/metrics/lines", {"run_ids": runs, "keys": KEYS, "points": 300}, BROWSER)
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    assert len(answer.body) <= 100_000
    lines = lines_from(NATIVE.decode_response(LINES, "application/json", gzip.decompress(answer.body)))
    assert [(line.run_id, line.key) for line in lines] == [(run_id, key) for run_id in runs for key in KEYS]
    assert len(json.loads(gzip.decompress(answer.body))["xs"]) == 1
    assert {(len(line.last), line.total, line.x.numbers()[-1]) for line in lines} == {(300, 1000, 999.0)}
    # Who cannot unpack gets it as it is; other answers are not packed for this machine.
    plain = site.ask("POST", "/api/v1/metrics/lines", {"run_ids": runs, "keys": KEYS, "points": 300})
    assert plain.body == gzip.decompress(answer.body)
    sample = site.ask("POST", "/api/v1/metrics/sample", {"run_ids": runs, "keys": KEYS}, BROWSER)
    assert "content-encoding" not in sample.headers


def test_a_zoom_shows_every_point(site: Site) -> None:
    (run_id,) = filled(site, 1)
    asked = {"run_ids": [run_id], "keys": ["a"], "points": 101, "first": 400, "last": 500}
    answer = site.ask("POST", "/api/v1/metrics/lines", asked, BROWSER)
    (line,) = lines_from(NATIVE.decode_response(LINES, "application/json", answer.body))
    assert line.x.numbers() == list(range(399, 502))
    assert (line.total, len(line.below)) == (101, 0)


def test_what_cannot_be_asked(site: Site) -> None:
    for asked, word in (({"points": 1}, "points"), ({"x": "wall"}, "x"), ({"x": "metric"}, "x_key")):
        answer = site.ask("POST", "/api/v1/metrics/lines", {"run_ids": ["r"], "keys": ["k"]} | asked)
        assert answer.status == 400
        assert word in answer.json()["message"]
