"""Servers of the toy host: real ones in processes of their own, and what is sent to them byte by byte."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from treering.serving.front.embedding import Running, running
from treering.serving.front.options import Patience, ServingOptions
from treering.serving.front.running import Where

__all__ = ["Toy", "options_of", "toy_server", "toy_variables"]


def toy_variables(folder: Path) -> dict[str, str]:
    """An environment in which the kind `toy` is installed."""
    info = folder / "toy_host-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-host\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[treering.hosts]\ntoy = toy_host:open_host\n")
    return {"PYTHONPATH": f"{folder}:{Path(__file__).parent}"}


def options_of(what: Mapping[str, Any] | None = None, **more: Any) -> ServingOptions:
    """Options for the toy; patience is given as a dictionary."""
    patience = Patience(**more.pop("patience", {}))
    return ServingOptions("toy", dict(what or {}), patience=patience, **more)


class Toy:
    """Asks one server."""

    def __init__(self, server: Running) -> None:
        self.server = server
        self.url = server.url
        self.port = int(server.url.rsplit(":", 1)[1])
        self.http = urllib3.PoolManager(retries=False, timeout=60.0, maxsize=64)

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.http.request("GET", self.url + path, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> urllib3.BaseHTTPResponse:
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.http.request(
            "POST", self.url + path, body=data, headers={"content-type": "application/json", **headers}
        )

    def do(self, do: str = "echo", path: str = "/do", **more: Any) -> urllib3.BaseHTTPResponse:
        return self.post(path, {"do": do, **more})

    def metric(self, name: str) -> float:
        """The sum of all lines of that name."""
        lines = self.get("/metrics").data.decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((name + "{", name + " ")))

    @contextmanager
    def plain(self) -> Iterator[socket.socket]:
        """A bare connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            yield connection


@contextmanager
def toy_server(folder: Path, what: Mapping[str, Any] | None = None, **more: Any) -> Iterator[Toy]:
    """A server; its messages go to the file `log` in the folder."""
    with (
        (folder / "log").open("ab") as log,
        running(options_of(what, **more), Where(port=0), stderr=log, variables=toy_variables(folder)) as server,
    ):
        toy = Toy(server)
        yield toy
        toy.http.clear()
