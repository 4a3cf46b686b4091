"""The demo from beginning to end: track, register, serve, ask, compare, show."""

from __future__ import annotations

import json
import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import urllib3
from sklearn.metrics import accuracy_score

import treering
from treering.core.errors import DamagedData
from treering.demo.candidates import GRID
from treering.demo.data import Splits, load_splits
from treering.demo.processes import running
from treering.demo.project import FOLDER, make_project
from treering.demo.training import EXPERIMENT, MODEL, Champion, Result, register_best, track_grid
from treering.pipelines.reproduce import ReproReport

__all__ = ["Options", "Outcome", "run_demo"]

_SINGLE_REQUESTS = 50


@dataclass(frozen=True, slots=True)
class Options:
    """How the demo runs.

    Attributes:
        home: Folder of the embedded store that it writes to.
        port: Where the web UI is to be had; another free one is taken if it is in use.
        with_ui: Whether to show the web UI and wait for Ctrl-C.
    """

    home: Path
    host: str
    port: int
    with_ui: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo found.

    Attributes:
        accuracy: On the held-out rows, by the live endpoint's answers.
        latency: Median seconds of a request with one row.
    """

    runs: int
    points: int
    champion: Champion
    rows: int
    accuracy: float
    latency: float
    seconds: float


def run_demo(options: Options, say: Callable[[str], None]) -> Outcome:
    """Run the demo and wait for Ctrl-C at its end if it shows the UI.

    Raises:
        Unavailable: If a server does not start.
        DamagedData: If the live endpoint answers other than the model in this process.
    """
    began = time.monotonic()
    with ExitStack() as stack, _terminated_by_signal():
        treering.set_tracking_uri(str(options.home))
        treering.set_experiment(EXPERIMENT)
        project = make_project(options.home)
        say(f"Data      {project.table}, tracked; {_told(project.report)}")
        splits = load_splits(project.part)
        say(
            f"Split     {len(splits.train.target)} rows to train, {len(splits.validation.target)} to validate,"
            f" {len(splits.test.target)} held out"
        )
        ui = _start_ui(options, project.root, stack) if options.with_ui else ""
        if ui:
            say(f"Watch it  {ui}")
        results = track_grid(splits, lambda result: say(_line(result)))
        champion = register_best(results, splits)
        say(f"Register  {MODEL} version {champion.version}, alias champion: {champion.result.candidate.name}")
        address, answers, latency = _serve_and_ask(champion, splits, stack)
        say(f"Serve     {address}/invocations answered {len(answers)} held-out rows as the model itself does")
        outcome = Outcome(
            len(results) + 1,
            sum(result.points for result in results),
            champion,
            len(answers),
            float(accuracy_score(splits.test.target, answers)),
            latency,
            time.monotonic() - began,
        )
        for line in _summary(outcome, options, ui, address):
            say(line)
        if ui:
            threading.Event().wait()
    return outcome


def _start_ui(options: Options, project: Path, stack: ExitStack) -> str:
    port = options.port if _is_free(options.host, options.port) else _free_port(options.host)
    url = f"http://{options.host}:{port}"
    database = f"sqlite:///{options.home / 'treering.db'}"
    arguments = ["server", "--host", options.host, "--port", str(port), "--backend-store-uri", database]
    arguments += ["--artifacts-destination", str(options.home / "artifacts")]
    stack.enter_context(running("web UI", arguments, f"{url}/health", project))
    return url


def _serve_and_ask(champion: Champion, splits: Splits, stack: ExitStack) -> tuple[str, list[int], float]:
    """Serve the champion, ask for all held-out rows, and hold the answers against the model in this process."""
    folder = treering.artifacts.download_artifacts(champion.uri)
    address = f"http://127.0.0.1:{_free_port('127.0.0.1')}"
    arguments = ["models", "serve", "-m", str(folder), "--host", "127.0.0.1", "--port", address.rpartition(":")[2]]
    stack.enter_context(running("model server", arguments, f"{address}/ping", Path(folder)))
    with urllib3.PoolManager(retries=False, timeout=30.0) as http:
        rows = splits.test.features
        answers = _ask(http, address, rows.to_dict("split"))
        seconds = []
        for index in range(_SINGLE_REQUESTS):
            one = rows.iloc[index % len(rows) : index % len(rows) + 1].to_dict("split")
            began = time.perf_counter()
            _ask(http, address, one)
            seconds.append(time.perf_counter() - began)
    expected = treering.pyfunc.load_model(champion.uri).predict(rows)
    if not np.array_equal(np.asarray(answers), np.asarray(expected)):
        msg = f"{address} answers other than {champion.uri} loaded in this process. Please report this."
        raise DamagedData(msg)
    return address, answers, statistics.median(seconds)


def _ask(http: urllib3.PoolManager, address: str, frame: dict[str, Any]) -> list[int]:
    body = {"dataframe_split": {"columns": frame["columns"], "data": frame["data"]}}
    answer = http.request("POST", f"{address}/invocations", json=body)
    if answer.status != 200:  # noqa: PLR2004 - OK
        msg = f"{address}/invocations answered {answer.status}: {answer.data.decode(errors='replace')[:500]}"
        raise DamagedData(msg)
    return [int(value) for value in json.loads(answer.data)["predictions"]]


def _told(report: ReproReport) -> str:
    if not report.reproduced:
        return "its pipeline is up to date"
    return f"stages {' and '.join(report.reproduced)} made what follows from it"


def _line(result: Result) -> str:
    return (
        f"Train     {result.candidate.name:<19} log loss {result.loss:.4f}  AUC {result.auc:.4f}"
        f"  accuracy {result.accuracy:.3f}"
    )


def _summary(outcome: Outcome, options: Options, ui: str, address: str) -> Iterator[str]:
    best = outcome.champion.result
    yield ""
    yield f"The whole life of a model, in {outcome.seconds:.0f} seconds"
    yield f"  tracked     {outcome.runs} runs, {outcome.points} metric points, experiment {EXPERIMENT!r}"
    yield f"  registered  {MODEL} version {outcome.champion.version} of {len(GRID)} candidates, {best.candidate.name}"
    yield f"  served      {outcome.rows} held-out rows, accuracy {outcome.accuracy:.3f}, {outcome.latency * 1000:.1f} ms a row"
    yield f"  kept in     {options.home}; the data and its pipeline in {options.home / FOLDER}"
    if ui:
        yield ""
        yield f"  web UI      {ui}"
        yield f"  endpoint    {address}/invocations"
        yield ""
        yield "Both stay up until Ctrl-C."


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def _terminated_by_signal() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt, so that the servers are stopped as by Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
