"""The demo from beginning to end: ask, look, split, train, judge, let in, take back, serve, compare, show."""

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
from treering.demo import governing, telling
from treering.demo.data import Splits, load_splits
from treering.demo.governing import Contender
from treering.demo.processes import running
from treering.demo.project import Project, make_project
from treering.demo.telling import Outcome, Passage
from treering.demo.training import EXPERIMENT, Result, track_grid

__all__ = ["Options", "run_demo"]

_SINGLE_REQUESTS = 50
_REPORTS = "demo-reports"


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


def run_demo(options: Options, say: Callable[[str], None]) -> Outcome:
    """Run the demo and wait for Ctrl-C at its end if it shows the UI.

    Raises:
        Unavailable: If a server does not start, or the gate cannot be asked.
        DamagedData: If the live endpoint answers other than the model in this process.
    """
    began = time.monotonic()
    with ExitStack() as stack, _terminated_by_signal():
        treering.set_tracking_uri(str(options.home))
        treering.set_experiment(EXPERIMENT)
        objective = governing.state_objective()
        say(telling.of_objective(objective))
        project = make_project(options.home)
        splits = load_splits(project.part)
        say(telling.of_data(project, splits))
        ui = _start_ui(options, project.root, stack) if options.with_ui else ""
        if ui:
            say(f"Watch it  {ui}")
        results = track_grid(
            project,
            splits,
            lambda profile: say(telling.of_profile(profile)),
            lambda result: say(telling.of_result(result)),
        )
        passage = _let_in(results, splits, project, say)
        champion = passage.champion
        card = governing.write_cards(champion, options.home / _REPORTS)
        say(f"Card      {card}: what it is for, how well it does and for whom, and what is not known")
        address, answers, latency = _serve_and_ask(champion.uri, splits, stack)
        say(f"Serve     {address}/invocations answered {len(answers)} held-out rows as the model itself does")
        outcome = Outcome(
            objective,
            results,
            passage,
            card,
            float(accuracy_score(splits.test.target, answers)),
            latency,
            time.monotonic() - began,
        )
        for line in telling.summary(outcome, options.home):
            say(line)
        if ui:
            for line in telling.farewell(ui, address):
                say(line)
            threading.Event().wait()
    return outcome


def _let_in(results: list[Result], splits: Splits, project: Project, say: Callable[[str], None]) -> Passage:
    """Judge three of them, one after the other: the first has nobody to beat, and the last needs a person's word."""
    governing.begin()
    contestants: list[Contender] = []
    refused: list[Contender] = []
    drilled = 0
    for place, result in enumerate(governing.contenders(results)):
        last = place == len(governing.ROLES) - 1
        contender = governing.register(result, splits.test, explained=last)
        contestants.append(contender)
        say(telling.of_contender(contender))
        if last:
            governing.demand_approval()
        verdict = governing.gate(contender, project.root, rival=place > 0)
        say(telling.of_verdict(contender, verdict))
        if not verdict.passed:
            refused.append(contender)
        elif verdict.missing:
            done = governing.approve(verdict.promotion_id, "The evaluation convinces me.")
            drilled = governing.go_back_and_forth(contender)
            say(telling.of_approval(done, drilled))
    champion = governing.holder(contestants)
    history = governing.history()
    say(telling.of_history(history, contestants[0].version))
    return Passage(tuple(contestants), tuple(refused), champion, drilled, len(history))


def _start_ui(options: Options, project: Path, stack: ExitStack) -> str:
    port = options.port if _is_free(options.host, options.port) else _free_port(options.host)
    url = f"http://{options.host}:{port}"
    database = f"sqlite:///{options.home / 'treering.db'}"
    arguments = ["server", "--host", options.host, "--port", str(port), "--backend-store-uri", database]
    arguments += ["--artifacts-destination", str(options.home / "artifacts")]
    stack.enter_context(running("web UI", arguments, f"{url}/health", project))
    return url


def _serve_and_ask(uri: str, splits: Splits, stack: ExitStack) -> tuple[str, list[int], float]:
    """Serve the champion, ask for all held-out rows, and hold the answers against the model in this process."""
    folder = treering.artifacts.download_artifacts(uri)
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
    expected = treering.pyfunc.load_model(uri).predict(rows)
    if not np.array_equal(np.asarray(answers), np.asarray(expected)):
        msg = f"{address} answers other than {uri} loaded in this process. Please report this."
        raise DamagedData(msg)
    return address, answers, statistics.median(seconds)


def _ask(http: urllib3.PoolManager, address: str, frame: dict[str, Any]) -> list[int]:
    body = {"dataframe_split": {"columns": frame["columns"], "data": frame["data"]}}
    answer = http.request("POST", f"{address}/invocations", json=body)
    if answer.status != 200:  # noqa: PLR2004 - OK
        msg = f"{address}/invocations answered {answer.status}: {answer.data.decode(errors='replace')[:500]}"
        raise DamagedData(msg)
    return [int(value) for value in json.loads(answer.data)["predictions"]]


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
