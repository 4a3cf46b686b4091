"""Parts of answers that are kept as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import msgspec
import pytest

from treering.wire import kept
from treering.wire.dialect import RawRequest
from treering.wire.kept import Kept, KeptJson
from treering.wire.native import runs as wire
from treering.wire.native.codec import MSGPACK, NATIVE, plain


@dataclass(eq=False)
class Thing:
    text: str


def test_the_same_object_is_encoded_once() -> None:
    seen: list[str] = []

    def shape(thing: Thing) -> dict[str, str]:
        seen.append(thing.text)
        return {"text": thing.text}

    encoded = KeptJson(shape)
    one, twin = Thing("a"), Thing("a")
    assert [bytes(encoded(thing)) for thing in (one, one, twin, one)] == [b'{"text":"a"}'] * 4
    assert seen == ["a", "a"]


def test_what_is_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST", 1000)
    seen: list[str] = []
    encoded = KeptJson(lambda thing: seen.append(thing.text) or thing.text)  # type: ignore[func-returns-value]  # None
    large = Thing("x" * 10_000)
    assert bytes(encoded(large)) == bytes(encoded(large))
    assert len(seen) == 2


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST", 30)
    encoded = KeptJson(lambda thing: thing.text)
    for number in range(1000):
        # An id comes again once its object is gone, and then it must not stand for the old one.
        assert bytes(encoded(Thing(str(number)))) == f'"{number}"'.encode()
        assert len(encoded._known) <= 10


@pytest.mark.parametrize("accept", ["application/json", MSGPACK])
def test_a_kept_part_is_sent_in_the_form_that_was_asked_for(accept: str) -> None:
    encoded: KeptJson[Thing] = KeptJson(lambda thing: MappingProxyType({"text": thing.text}), plain)
    answer = NATIVE.encode(wire.SEARCH, [Kept(Thing("a"), encoded)] * 2, RawRequest({}, {}, {"accept": accept}, b""))
    decode = msgspec.msgpack.decode if accept == MSGPACK else msgspec.json.decode
    assert decode(answer.body) == [{"text": "a"}, {"text": "a"}]
