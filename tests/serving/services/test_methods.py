"""How methods are declared, called in Python, and described."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from typing import Annotated, Any

import msgspec
import numpy as np
import pytest

import treering
from treering.core.errors import Conflict, InvalidInput, NotSupported
from treering.serving.services.plan import MISSING
from treering.serving.services.validators import Shape


@treering.service(labels={"team": "a"}, traffic={"timeout": 7}, workers=2)
class Shop:
    """Sells.

    More of it.
    """

    @treering.api
    def add(self, a: int, b: int = 3) -> int:
        """Add two numbers."""
        return a + b

    @treering.api(route="/named")
    async def later(self, item: Annotated[int, msgspec.Meta(ge=0)]) -> int:
        return item

    @treering.api
    def many(self, first: str, *args: int, **kwargs: Any) -> dict[str, Any]:
        return {"first": first, "args": args, "kwargs": kwargs}

    @treering.api
    def count(self, n: int) -> Generator[int, None, None]:
        yield from range(n)

    @treering.api
    async def slowly(self, n: int) -> AsyncGenerator[int, None]:
        for one in range(n):
            yield one


def test_a_service_is_its_class_and_what_was_said_of_it() -> None:
    assert Shop.name == "Shop"
    assert Shop.doc.startswith("Sells.")
    assert Shop.config.traffic.timeout == 7
    assert Shop.config.processes() == 2
    assert Shop.labels == {"team": "a"}
    assert sorted(Shop.apis) == ["add", "count", "later", "many", "slowly"]


def test_an_instance_is_plain_and_its_methods_are_called_as_they_are_written() -> None:
    shop = Shop()
    assert isinstance(shop, Shop.inner)
    assert shop.add(1) == 4
    assert list(shop.count(3)) == [0, 1, 2]


def test_methods_can_be_called_the_other_way_round() -> None:
    shop = Shop()
    assert shop.to_sync.later(4) == 4
    assert list(shop.to_sync.slowly(2)) == [0, 1]

    async def both() -> list[Any]:
        return [await shop.to_async.add(1), [one async for one in shop.to_async.count(2)]]

    assert asyncio.run(both()) == [4, [0, 1]]


def test_the_schema_tells_each_method() -> None:
    routes = {one["name"]: one for one in Shop.schema()["routes"]}
    assert routes["add"] == {
        "name": "add",
        "route": "/add",
        "batchable": False,
        "input": {
            "type": "object",
            "title": "Input",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer", "default": 3}},
            "required": ["a"],
        },
        "output": {"type": "integer"},
        "is_task": False,
        "doc": "Add two numbers.",
        "description": "Add two numbers.",
    }
    assert routes["later"]["route"] == "/named"
    assert routes["count"]["output"] == {"type": "integer", "is_stream": True, "media_type": "text/event-stream"}


def test_a_class_may_use_names_of_the_function_it_is_written_in() -> None:
    class Sample(msgspec.Struct):
        x: int

    @treering.service
    class Local:
        @treering.api
        def take(self, sample: Sample) -> Sample:
            return sample

    assert Local.apis["take"].input.parameters[0].kind.wire is Sample


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"worker": 2}, "unknown field `worker`"),
        ({"workers": 0}, "workers"),
        ({"traffic": {"timeout": -1}}, "timeout"),
        ({"resources": {"gpus": 1}}, "gpus"),
    ],
)
def test_a_word_that_nobody_knows_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        treering.service(**options)(type("S", (), {}))


def test_what_no_request_can_hold_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidInput, match="take takes 'x' of a type that no request can hold"):

        class _Bad:
            @treering.api
            def take(self, x: int | list[int] | tuple[int, int]) -> None: ...


def test_a_parameter_before_a_slash_stands_alone() -> None:
    with pytest.raises(InvalidInput, match="whole body"):

        class _Bad:
            @treering.api
            def take(self, x: int, /, y: int) -> None: ...


def test_a_batchable_method_takes_rows() -> None:
    with pytest.raises(InvalidInput, match="rows could be put together"):

        class _Bad:
            @treering.api(batchable=True)
            def take(self, x: int) -> int: ...


def test_a_task_returns_and_does_not_yield() -> None:
    with pytest.raises(InvalidInput, match="return it"):

        class _Bad:
            @treering.task
            def take(self) -> Generator[int, None, None]:
                yield 1


def test_two_methods_cannot_have_one_route() -> None:
    with pytest.raises(Conflict, match="route /a"):

        @treering.service
        class _Bad:
            @treering.api(route="/a")
            def one(self) -> int: ...

            @treering.api(route="/a")
            def two(self) -> int: ...


def test_an_unknown_option_of_a_method_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no options batched"):
        treering.api(batched=True)


def test_a_decorated_class_stays_one_service() -> None:
    with pytest.raises(Conflict, match="service already"):
        treering.service(Shop)
    with pytest.raises(InvalidInput, match="no class"):
        treering.service(lambda: None)


def test_a_context_outside_of_a_request_says_so() -> None:
    with pytest.raises(NotSupported, match="no request here"):
        _ = Shop.context.request


def test_a_shape_is_made_of_numbers() -> None:
    with pytest.raises(InvalidInput, match="whole numbers"):
        Shape((1.5, 2))
    assert MISSING is msgspec.UNSET
    assert Shape([-1, 2]).dimensions == (-1, 2)


def test_images_are_said_step_by_step() -> None:
    image = treering.images.Image(python_version="3.11").run("a").python_packages("torch", "numpy").run("b")
    assert (image.commands, image.requirements, image.later_commands) == (["a"], ["torch", "numpy"], ["b"])


def test_an_array_of_a_default_is_told_only_if_json_has_it() -> None:
    @treering.service
    class Holder:
        @treering.api
        def take(self, x: np.ndarray = np.zeros(2), y: int | None = None) -> int: ...  # noqa: B008

    (route,) = Holder.schema()["routes"]
    assert "default" not in route["input"]["properties"]["x"]
    assert route["input"]["properties"]["y"]["default"] is None
