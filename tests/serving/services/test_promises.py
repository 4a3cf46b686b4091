"""Services keep what every host promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from treering.serving.hosting import HOSTS, Host
from treering.testing.hosts import HostSuite

JSON = b"application/json"
SERVICE = """
from typing import Annotated

import numpy as np
import treering
from treering.validators import DType


@treering.service
class Sums:
    @treering.api
    def add(self, a: int, b: int = 2) -> int:
        return a + b

    @treering.api(batchable=True)
    def double(self, rows: Annotated[np.ndarray, DType('float64')]) -> np.ndarray:
        return rows * 2

    @treering.api
    async def later(self, text: str) -> str:
        return text.upper()
"""


class TestServices(HostSuite):
    good: ClassVar = {
        "/add": (JSON, b'{"a": 1}'),
        "/double": (JSON, b'{"rows": [[1.0, 2.0]]}'),
        "/later": (JSON, b'{"text": "hello"}'),
    }

    @pytest.fixture
    def host(self, tmp_path: Path) -> Iterator[Host]:
        (tmp_path / "sums_service.py").write_text(SERVICE)
        opened = HOSTS.load("service")({"service": "sums_service:Sums", "folder": str(tmp_path)})
        yield opened
        opened.close()
