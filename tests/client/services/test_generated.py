"""The code of a client that is written from a schema: it runs, it is typed, and it says what the service says."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pandas as pd
import pytest
import uvicorn
from PIL.Image import Image as Picture

import treering
from treering.client.services.described import endpoints_of
from treering.client.services.generated import client_code
from treering.core.errors import InvalidInput
from treering.serving.ports import bind
from treering.serving.services.validators import DType, Shape


class Item(msgspec.Struct):
    """What is sold."""

    name: str
    price: float = 1.0
    kind: Literal["a", "b"] = "a"


@treering.service
class Shop:
    @treering.api
    def add(self, a: int, b: int = 3, note: str | None = None) -> int:
        """Add two numbers.

        More of it, with a "quote" and a \\ backslash.
        """
        return a + b + 0 * len(note or "")

    @treering.api
    def buy(self, item: Item, others: list[Item] = []) -> list[Item]:  # noqa: B006 -- as users write it
        return [item, *others]

    @treering.api
    def scale(self, x: Annotated[np.ndarray, Shape((-1, 2)), DType("float32")]) -> np.ndarray:
        return x * 2

    @treering.api
    def frame(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows

    @treering.api
    def shrink(self, picture: Picture, files: list[Path] | None = None) -> Picture:
        return picture.resize((len(files or []) + 1, 1))

    @treering.api
    def shout(self, text: str, /) -> str:
        return text.upper()

    @treering.api
    def count(self, n: int) -> Generator[str, None, None]:
        for one in range(n):
            yield str(one)

    @treering.api
    async def later(self, n: int) -> AsyncGenerator[str, None]:
        for one in range(n):
            yield str(one)

    @treering.task
    def square(self, n: int) -> int:
        return n * n

    @treering.api
    def close(self) -> None:
        return None


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    endpoints = endpoints_of(msgspec.json.encode(Shop.schema()))
    path = tmp_path / "shop_client.py"
    path.write_text(client_code("Shop", endpoints.values()))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield path
    sys.modules.pop("shop_client", None)


def test_the_code_calls_the_service(code: Path) -> None:
    assert code.exists()
    import shop_client  # noqa: PLC0415 -- it was written just now

    with bind("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(Shop.to_asgi(), log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with shop_client.ShopClient(url) as client:
                assert client.add(1) == 4
                assert client.add(1, b=1, note="x") == 2
                assert client.buy({"name": "n"}) == [{"name": "n", "price": 1.0, "kind": "a"}]
                assert client.scale([[1, 2]]).tolist() == [[2, 4]]
                assert client.shout("a") == "A"
                assert "".join(client.count(3)) == "012"
                assert client.api_close() is None
                task = client.submit_square(4)
                while task.get_status().value == "in_progress":
                    pass
                assert task.get() == 16

            async def awaited() -> Any:
                async with shop_client.AsyncShopClient(url) as client:
                    return await client.add(2), "".join([one async for one in client.later(2)])

            assert asyncio.run(awaited()) == (5, "01")
        finally:
            server.should_exit = True
            thread.join()


def test_the_code_says_what_the_service_says(code: Path) -> None:
    text = code.read_text()
    assert "def add(self, a: int, b: int = 3, note: str | None = None) -> int:" in text
    assert "class Item(TypedDict):" in text
    assert "kind: NotRequired[Literal['a', 'b']]" in text
    assert (
        "def shrink(self, picture: Image | Path | str | bytes, files: list[Path | str | bytes | BinaryIO] | None = None)"
        in text
    )
    assert "def count(self, n: int) -> Iterator[str]:" in text
    assert "async def submit_square(self, n: int) -> AsyncTask:" in text


def test_a_type_checker_finds_what_is_wrong_with_a_call(code: Path, tmp_path: Path) -> None:
    mypy = pytest.importorskip("mypy.api")
    user = tmp_path / "user.py"
    user.write_text(
        "from shop_client import ShopClient\n"
        "client = ShopClient('http://127.0.0.1:1')\n"
        "good: int = client.add(1)\n"
        "client.buy({'name': 'x'})\n"
        "client.add('x')\n"
        "client.buy({'nam': 'x'})\n"
        "wrong: str = client.add(1)\n"
    )
    said, _, _ = mypy.run([
        "--ignore-missing-imports", "--follow-imports=silent", f"--cache-dir={tmp_path / 'cache'}", str(user), str(code),
    ])  # fmt: skip
    lines = {line.split(":")[1] for line in said.splitlines() if ": error" in line}
    assert lines == {"5", "6", "7"}, said


def test_a_class_has_a_name_that_python_takes() -> None:
    with pytest.raises(InvalidInput, match="cannot be called 'class'"):
        client_code("S", [], "class")
    assert "class MyShopClient(" in client_code("my_shop", [])
    assert "class AsyncOther(" in client_code("S", [], "Other")
