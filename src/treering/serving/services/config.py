"""What `@treering.service(...)` may say of how it runs; the words are BentoML's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from treering.core.errors import InvalidInput

__all__ = ["Config", "Cors", "Endpoints", "Http", "Resources", "Traffic", "config_of"]

_Positive = Annotated[int, msgspec.Meta(gt=0)]
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that nobody knows are mistakes."""


class Traffic(_Strict, frozen=True):
    """How much is let in.

    Attributes:
        timeout: Seconds for a request.
        max_concurrency: So many requests of a method are in hand or waiting; a further one is told 429.
        concurrency: How many at once suit it: for whoever scales it.
        max_body: Bytes that a request may have.
    """

    timeout: _Seconds = 60.0
    max_concurrency: _Positive | None = None
    concurrency: _Positive | None = None
    external_queue: bool = False
    max_body: _Positive = 64 << 20


class Resources(_Strict, frozen=True):
    """What it needs; cpu and memory are for whoever deploys it."""

    cpu: str | float | None = None
    memory: str | float | None = None
    gpu: float | str = 0
    gpu_type: str | None = None
    tpu_type: str | None = None


class Endpoints(_Strict, frozen=True):
    """Where it tells how it is."""

    livez: str = "/livez"
    readyz: str = "/readyz"


class Cors(_Strict, frozen=True):
    """Which pages of other hosts may ask."""

    enabled: bool = False
    access_control_allow_origins: list[str] | str = "*"
    access_control_allow_origin: list[str] | str | None = None
    access_control_allow_credentials: bool = False
    access_control_allow_methods: list[str] | str = "*"
    access_control_allow_headers: list[str] | str = "*"
    access_control_allow_origin_regex: str | None = None
    access_control_max_age: int = 600
    access_control_expose_headers: list[str] | str = []


class Http(_Strict, frozen=True):
    """Where and for whom it answers; the command line's options go before host and port."""

    host: str = "127.0.0.1"
    port: int = 3000
    proxy_port: int = 8000
    cors: Cors = Cors()
    response: dict[str, Any] = {}


class Config(_Strict, frozen=True):
    """All of it. `logging`, `metrics`, `tracing`, `monitoring`, `ssl` and the like are read and left to the server's options.

    Attributes:
        workers: Processes, or `cpu_count`.
        threads: How many of its plain methods run at once in a process.
    """

    workers: _Positive | Literal["cpu_count"] = 1
    threads: _Positive = 1
    traffic: Traffic = Traffic()
    resources: Resources = Resources()
    endpoints: Endpoints = Endpoints()
    http: Http = Http()
    backlog: _Positive = 2048
    max_runner_connections: _Positive = 16
    runner_connection: dict[str, Any] = {}
    replicate_process: bool = False
    extra_ports: list[int] = []
    ssl: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    logging: dict[str, Any] = {}
    tracing: dict[str, Any] = {}
    monitoring: dict[str, Any] = {}
    runner_probe: dict[str, Any] = {}
    grpc: dict[str, Any] = {}

    def processes(self) -> int:
        """How many workers."""
        return (os.cpu_count() or 1) if isinstance(self.workers, str) else self.workers


def config_of(words: Mapping[str, Any], name: str) -> Config:
    """The configuration of a service.

    Raises:
        InvalidInput: If a word is unknown, or its value is none of its kind.
    """
    try:
        return msgspec.convert(dict(words), Config)
    except msgspec.ValidationError as error:
        msg = f"The service {name} is configured wrongly: {error}."
        raise InvalidInput(msg) from error
