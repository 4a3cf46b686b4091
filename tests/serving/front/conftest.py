"""A server of the toy host for the tests of a module, and one of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from toy_servers import Toy, toy_server


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    with toy_server(tmp_path_factory.mktemp("toy"), {"versions": ["1"], "tunnel": True}) as server:
        yield server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Toy]]:
    """Start a server; the arguments are what the host is told, and options."""
    with ExitStack() as stack:

        def begin(what: Any = None, **more: Any) -> Toy:
            return stack.enter_context(toy_server(tmp_path, what, **more))

        yield begin
