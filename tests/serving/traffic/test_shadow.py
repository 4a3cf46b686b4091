"""Copies of requests, and whether two answers say the same."""

from __future__ import annotations

import pytest

from treering.serving.traffic.router import Plan, Router, Variant
from treering.serving.traffic.shadow import LARGEST, agree

VARIANTS = (Variant("v1", "iris", "1"), Variant("v2", "iris", "2"))


def test_a_shadow_gets_its_share_of_the_requests_and_no_client() -> None:
    numbers = iter([step / 100 for step in range(100)] * 2)
    router = Router({"iris": Plan(VARIANTS, shadows={"v2": 0.25})}, chance=lambda: next(numbers))
    assert sum(len(router.shadows("iris")) for _ in range(100)) == 25
    assert {router.pick("iris").name for _ in range(100)} == {"v1"}


def test_what_shadows_do_is_counted_apart() -> None:
    router = Router({"iris": Plan(VARIANTS, shadows={"v2": 1.0})})
    assert router.shadows("iris") == [VARIANTS[1]]
    assert router.shadows("unknown") == ()
    router.observe_shadow("iris", "v2", 200, 0.01, agrees=True)
    router.observe_shadow("iris", "v2", 200, 0.02, agrees=False)
    router.observe_shadow("iris", "v2", 500, 0.02)
    router.dropped_shadow("iris", "v2")
    router.observe_shadow("iris", "gone", 200, 0.01)
    told = router.endpoint("iris").copies.told()["v2"]
    assert told["answered"] == 3
    assert told["failed"] == 1
    assert (told["compared"], told["agreement"], told["dropped"]) == (2, 0.5, 1)
    assert router.endpoint("iris").tallies["v2"].answered == 0


@pytest.mark.parametrize(
    ("main", "shadow", "same"),
    [
        (b'{"predictions": [1, 2.0]}', b'{"predictions":[1.0,2]}', True),
        (b'{"predictions": [1]}', b'{"predictions": [1.0000001]}', True),
        (b'{"predictions": [1]}', b'{"predictions": [1.01]}', False),
        (b'{"predictions": [1]}', b'{"predictions": [1, 1]}', False),
        (b'{"predictions": ["a"]}', b'{"predictions": ["b"]}', False),
        (b'{"predictions": [true]}', b'{"predictions": [1]}', False),
        (b'{"predictions": [null]}', b'{"predictions": [0]}', False),
        (b'{"model_version":"1","outputs":[{"data":[1]}]}', b'{"model_version":"2","outputs":[{"data":[1]}]}', True),
        (b'{"outputs":[{"name":"x","data":[1]}]}', b'{"outputs":[{"name":"y","data":[1]}]}', False),
        (b"\x00\x01", b"\x00\x01", True),
        (b"\x00\x01", b"\x00\x02", None),
        (b"[" * 60_000, b"[" * 59_999, None),
        (b'"' + b"a" * LARGEST + b'"', b'"' + b"b" * LARGEST + b'"', None),
        (b'"\xff"', b'"\xfe"', None),
    ],
)
def test_answers_agree_where_they_predict_the_same(main: bytes, shadow: bytes, same: bool | None) -> None:
    assert agree(main, shadow) is same
