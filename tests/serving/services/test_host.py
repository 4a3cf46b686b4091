"""A service behind the face of a host: whole requests in groups, and what goes wrong in them."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import pandas as pd
import pytest

import treering
from treering.core.errors import InvalidInput, NotSupported
from treering.serving.hosting import HOSTS, Answer, Call
from treering.serving.services.host import ServiceHost
from treering.serving.services.validators import DType, Shape

ASKED: list[int] = []


class Item(msgspec.Struct):
    name: str
    price: Annotated[float, msgspec.Meta(ge=0)] = 2.0


@treering.service(traffic={"timeout": 9, "max_concurrency": 40, "max_body": 1000}, threads=3)
class Shop:
    @treering.api
    def add(self, a: int, b: int = 3) -> int:
        return a + b

    @treering.api
    def buy(self, item: Item) -> Item:
        return item

    @treering.api
    def raw(self, text: str, /) -> str:
        return text.upper()

    @treering.api
    def data(self, body: bytes, /) -> bytes:
        return body[::-1]

    @treering.api
    def rows(self, x: list[int], /) -> int:
        return sum(x)

    @treering.api(batchable=True, max_batch_size=4, max_latency_ms=2000)
    def double(self, x: Annotated[np.ndarray, Shape((-1, 2)), DType("float64")], factor: int = 2) -> np.ndarray:
        ASKED.append(len(x))
        if (x < 0).any():
            msg = "a negative"
            raise InvalidInput(msg)
        return x * factor

    @treering.api(batchable=True)
    async def lengths(self, words: list[str]) -> list[int]:
        ASKED.append(len(words))
        return [len(one) for one in words]

    @treering.api(batchable=True)
    def framed(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(z=frame["a"] + 1)

    @treering.api(batchable=True)
    def wrong(self, x: list[int]) -> list[int]:
        return x[:1]

    @treering.api
    async def later(self, a: int) -> int:
        return a + 1

    @treering.api
    def fail(self) -> int:
        return 1 // 0

    @treering.api
    def refuse(self, status: int) -> int:
        class Special(treering.exceptions.BentoMLException):
            error_code = status

        msg = "so it is"
        raise Special(msg)

    @treering.api
    def stream(self) -> Iterator[str]:
        yield "a"

    @treering.api
    def seen(self, ctx: treering.Context) -> str:
        return ctx.request.method


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ServiceHost]:
    ASKED.clear()
    made = ServiceHost(Shop, {"session": str(tmp_path)})
    yield made
    made.close()


Asked = Callable[..., Sequence[Answer]]


@pytest.fixture
def asked(host: ServiceHost) -> Asked:
    routes = {one.path: one for one in host.offer().routes}

    def ask(path: str, *bodies: Any, kind: str = "application/json") -> Sequence[Answer]:
        calls = [
            Call(b"%d" % index, kind.encode(), body if isinstance(body, bytes) else json.dumps(body).encode())
            for index, body in enumerate(bodies)
        ]
        return host.answer(routes[path], calls)

    return ask


def test_the_table_of_hosts_knows_services(tmp_path: Path, module: Any) -> None:
    folder = module(
        "shop_of_host",
        "import treering\n@treering.service\nclass S:\n    @treering.api\n    def f(self) -> int: return 1\n",
    )
    made = HOSTS.load("service")({"service": "shop_of_host:S", "folder": str(folder), "session": str(tmp_path)})
    try:
        (route,) = made.offer().routes
        assert made.answer(route, [Call(b"", b"", b"")]) == [Answer(200, b"1")]
        with pytest.raises(NotSupported):
            made.change({"load": {}})
    finally:
        made.close()


def test_methods_with_whole_answers_have_routes_and_the_others_go_through_the_application(host: ServiceHost) -> None:
    offer = host.offer()
    paths = {one.path for one in offer.routes}
    assert "/add" in paths
    assert not paths & {"/stream", "/seen"}
    assert offer.tunnel
    add, double, later = (offer.lanes[f"Shop.{name}"] for name in ("add", "double", "later"))
    assert (add.group, add.at_once, add.timeout, add.body, add.again) == (1, 3, 9.0, 1000, False)
    assert (double.group, double.at_once, double.timeout, double.again) == (4, 1, 2.0, True)
    assert later.at_once == 32
    assert add.at_once + add.waiting == later.at_once + later.waiting == 40


def test_each_request_is_answered_by_itself(asked: Asked) -> None:
    first, second, third = asked("/add", {"a": 1}, {"a": "x"}, {"a": 2, "b": 5, "unknown": 1})
    assert (first.status, first.body) == (200, b"4")
    assert second.status == 400
    assert json.loads(second.body) == {
        "error": "a: Expected `int`, got `str`.",
        "detail": [{"type": "value_error", "loc": ["a"], "msg": "Expected `int`, got `str`."}],
    }
    assert third.body == b"7"


def test_what_is_wrong_is_told_with_its_place(asked: Asked) -> None:
    found = [
        json.loads(one.body) for one in asked("/buy", {}, {"item": {}}, {"item": {"name": "x", "price": -1}}, b"{")
    ]
    assert [one["detail"][0]["loc"] for one in found] == [["item"], ["item", "name"], ["item", "price"], []]
    assert "no JSON" in found[3]["error"]


def test_a_body_that_is_the_argument_itself(asked: Asked) -> None:
    assert asked("/raw", b"hallo", kind="text/plain")[0] == Answer(200, b"HALLO", b"text/plain; charset=utf-8")
    assert asked("/raw", b'"hallo"')[0].body == b"HALLO"
    assert asked("/data", b"abc", kind="")[0] == Answer(200, b"cba", b"application/octet-stream")
    assert asked("/rows", [1, 2])[0].body == b"3"
    assert asked("/rows", b"[1")[0].status == 400
    assert asked("/raw", b"\xff", kind="text/plain")[0].status == 400


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
def test_a_form_gives_the_arguments(asked: Asked, kind: str) -> None:
    multipart = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n4\r\n--b--\r\n'
    body = multipart if kind.startswith("multipart") else b"a=4"
    assert asked("/add", body, kind=kind)[0].body == b"7"
    assert asked("/add", body.replace(b"a=", b"c=").replace(b'"a"', b'"c"'), kind=kind)[0].status == 400


def test_json_is_read_where_a_program_calls_it_a_form(asked: Asked) -> None:
    assert asked("/add", {"a": 1}, kind="application/x-www-form-urlencoded")[0].body == b"4"


def test_a_pickle_is_not_opened(asked: Asked) -> None:
    answer = asked("/add", pickle.dumps({"a": 1}), kind="application/vnd.bentoml+pickle")[0]
    assert answer.status == 415


def test_requests_go_together_and_come_apart(asked: Asked) -> None:
    answers = asked("/double", {"x": [[1, 2]]}, {"x": [[3, 4], [5, 6]]}, {"x": [7, 8]})
    assert [json.loads(one.body) for one in answers] == [[[2, 4]], [[6, 8], [10, 12]], [[14, 16]]]
    assert [one.rows for one in answers] == [1, 2, 1]
    assert ASKED == [4]


def test_more_rows_than_fit_are_asked_in_several_steps(asked: Asked) -> None:
    (answer, other) = asked("/double", {"x": [[1, 1]] * 6}, {"x": [[2, 2]] * 3})
    assert json.loads(answer.body) == [[2, 2]] * 6
    assert json.loads(other.body) == [[4, 4]] * 3
    assert ASKED == [4, 4, 1]


def test_requests_that_do_not_fit_together_are_not_mixed(asked: Asked) -> None:
    answers = asked("/double", {"x": [[1, 1]], "factor": 3}, {"x": [[1, 1]]}, {"x": [[2, 2]], "factor": 3})
    assert [json.loads(one.body) for one in answers] == [[[3, 3]], [[2, 2]], [[6, 6]]]
    assert sorted(ASKED) == [1, 2]


def test_one_that_fails_in_a_batch_fails_alone(asked: Asked) -> None:
    answers = asked("/double", {"x": [[1, 1]]}, {"x": [[-1, 1]]}, {"x": "no"}, {"x": [[2, 2]]})
    assert [one.status for one in answers] == [200, 400, 400, 200]
    assert json.loads(answers[1].body) == {"error": "a negative"}


def test_a_batch_of_an_async_method_and_of_frames(asked: Asked) -> None:
    assert [one.body for one in asked("/lengths", {"words": ["a", "bb"]}, {"words": []})] == [b"[1,2]", b"[]"]
    assert ASKED == [2]
    frames = asked("/framed", {"frame": [{"a": 1}]}, {"frame": [{"a": 5}]}, {"frame": [{"a": "x"}]})
    assert [one.status for one in frames] == [200, 200, 500]
    assert json.loads(frames[1].body) == [{"a": 5, "z": 6}]


def test_a_batch_that_loses_rows_is_an_error_and_no_other_requests_answer(asked: Asked) -> None:
    answers = asked("/wrong", {"x": [1, 2]}, {"x": [3]}, {"x": [4, 5]})
    assert [one.status for one in answers] == [500, 200, 500]
    assert answers[1].body == b"[3]"


def test_async_methods_are_awaited(asked: Asked) -> None:
    assert [one.body for one in asked("/later", {"a": 1}, {"a": 2})] == [b"2", b"3"]


def test_a_failure_is_in_the_log_and_not_in_the_answer(asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
    answer = asked("/fail", {})[0]
    assert answer.status == 500
    assert b"zero" not in answer.body
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(("status", "told"), [(405, "so it is"), (401, "Authorization error"), (500, "log")])
def test_errors_of_a_users_own_have_their_status(asked: Asked, status: int, told: str) -> None:
    answer = asked("/refuse", {"status": status})[0]
    assert answer.status == status
    assert told in json.loads(answer.body)["error"]


def test_plain_methods_run_as_many_at_once_as_there_are_threads(tmp_path: Path) -> None:
    running, most, lock = 0, 0, threading.Lock()
    full = threading.Barrier(2, timeout=20)

    @treering.service(threads=2)
    class Busy:
        @treering.api
        def work(self) -> None:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            full.wait()
            with lock:
                running -= 1

    host = ServiceHost(Busy, {"session": str(tmp_path)})
    (route,) = host.offer().routes
    threads = [threading.Thread(target=host.answer, args=(route, [Call(b"", b"", b"")])) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    host.close()
    assert most == 2


def test_the_documents_describe_the_service(host: ServiceHost) -> None:
    offer = host.offer()
    openapi = json.loads(offer.openapi)
    assert openapi["openapi"].startswith("3.1")
    assert openapi["paths"]["/double"]["post"]["requestBody"]["content"]["application/json"]["schema"]["required"] == [
        "x"
    ]
    kind, schema = offer.documents["/schema.json"]
    assert kind == "application/json"
    assert {one["name"] for one in json.loads(schema)["routes"]} == set(Shop.apis)
