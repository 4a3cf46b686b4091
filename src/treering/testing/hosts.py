"""What every kind of thing that is served must do: subclass `HostSuite`, give it a `host` fixture and requests.

See `treering.serving.hosting.Host`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from treering.core.errors import TreeringError
from treering.serving.hosting import Answer, Call, Host, Offer, Route

__all__ = ["HostSuite"]

_BAD = (b"", b"\x00\xff\xfe", b"{", b'{"a":', b"[" * 5000, b"null", b'"text"', b"NaN", b"{}" * 1000)
_KINDS = (b"", b"application/json", b"text/csv", b"application/octet-stream", b"no/such", b";;;", b"\xff")
_SERVER = 500


class HostSuite:
    """The promises of a `Host`.

    A subclass provides a fixture `host` that gives one, opened anew, and `good`.
    """

    good: Mapping[str, tuple[bytes, bytes]] = {}
    """By path: a content type and a body that the route answers with 200."""

    def test_what_is_offered_fits_together(self, host: Host) -> None:
        """Routes are told apart by their path, and each has a lane with a policy that can be gone by."""
        offer = host.offer()
        paths = [route.path for route in offer.routes]
        assert len(set(paths)) == len(paths)
        for route in offer.routes:
            assert route.path.startswith("/")
            assert route.path.isascii()
            assert route.lane in offer.lanes
            assert all(name == name.lower() for name in route.headers)
        for policy in offer.lanes.values():
            assert policy.group >= 1
            assert policy.at_once >= 1
            assert policy.timeout > 0
            assert policy.waiting >= 0

    def test_an_offer_can_be_sent(self, host: Host) -> None:
        """It goes from process to process as MessagePack, and its documents are what they say."""
        offer = host.offer()
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(offer), type=Offer) == offer
        assert json.loads(offer.openapi)["openapi"].startswith("3.")
        for path, (kind, body) in offer.documents.items():
            assert path.startswith("/")
            assert kind
            assert isinstance(body, bytes)

    def test_good_requests_are_answered_alone_and_together(self, host: Host) -> None:
        """Each in its place, and the same whoever goes along."""
        routes = self._routes(host)
        for path, (kind, body) in self.good.items():
            call = Call(b"id", kind, body)
            (alone,) = host.answer(routes[path], [call])
            assert alone.status == 200, (path, alone.body)
            together = host.answer(routes[path], [call] * 5)
            assert [(one.status, one.body) for one in together] == [(alone.status, alone.body)] * 5

    def test_a_bad_request_is_its_own_and_no_other_ones(self, host: Host) -> None:
        """Nothing is raised, and those beside it are answered."""
        routes = self._routes(host)
        for path, (kind, body) in self.good.items():
            good = Call(b"good", kind, body)
            (alone,) = host.answer(routes[path], [good])
            for number, bad in enumerate(_BAD):
                answers = host.answer(routes[path], [good, Call(b"bad-%d" % number, kind, bad), good])
                self._are_answers(answers, 3)
                assert [answers[0].status, answers[2].status] == [200, 200]
                assert answers[0].body == answers[2].body == alone.body

    def test_no_body_and_no_content_type_is_the_servers_fault(self, host: Host) -> None:
        """What a client writes is answered with a status below 500."""
        for route in host.offer().routes:
            for kind in _KINDS:
                calls = [Call(b"id-%d" % number, kind, body) for number, body in enumerate(_BAD)]
                answers = host.answer(route, calls)
                self._are_answers(answers, len(calls))
                for call, answer in zip(calls, answers, strict=True):
                    assert answer.status < _SERVER, (route.path, kind, call.body[:40], answer.body)

    def test_an_order_that_means_nothing_is_refused(self, host: Host) -> None:
        """And changes nothing."""
        before = host.offer()
        orders: list[dict[str, Any]] = [{}, {"burn": {}}, {"load": {}}, {"unload": {"name": "no such thing"}}]
        for order in orders:
            with pytest.raises(TreeringError):
                host.change(order)
        assert host.offer() == before

    def test_an_application_is_there_if_it_was_offered(self, host: Host) -> None:
        """And not if it was not."""
        assert (host.application() is not None) == host.offer().tunnel

    @staticmethod
    def _routes(host: Host) -> dict[str, Route]:
        return {route.path: route for route in host.offer().routes}

    @staticmethod
    def _are_answers(answers: Any, count: int) -> None:
        assert len(answers) == count
        for answer in answers:
            assert isinstance(answer, Answer)
            assert 200 <= answer.status < 600
            assert isinstance(answer.body, bytes)
            assert isinstance(answer.content_type, bytes)
