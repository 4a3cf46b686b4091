"""Several servers, and several workers of one, on one database."""

from __future__ import annotations

import http.client
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server_process import Launch, Server, wait_until

CLIENTS = 4
BATCHES = 30
POINTS = 20


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgresql),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
    ]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shared.db'}"
    create: Callable[[], str] = request.getfixturevalue(f"new_{request.param}")
    return create()


def batch(run_id: str, number: int) -> dict[str, object]:
    """Points of one metric whose steps no other batch has."""
    steps = range(number * POINTS, (number + 1) * POINTS)
    metrics = [{"key": "loss", "value": step / 2, "timestamp": 1000 + step, "step": step} for step in steps]
    return {"run_id": run_id, "metrics": metrics}


def steps_of(server: Server, run_id: str) -> list[int]:
    answer = server.ask(f"/api/2.0/mlflow/metrics/get-history?run_id={run_id}&metric_key=loss")
    return [point["step"] for point in answer.get("metrics", [])]


def new_run(server: Server) -> str:
    made = server.ask("/api/2.0/mlflow/runs/create", {"experiment_id": "0", "start_time": 1})
    return str(made["run"]["info"]["run_id"])


def test_servers_on_one_database_take_one_runs_points_together(database: str, launch: Launch) -> None:
    options = ("--backend-store-uri", database, "--port", "0")
    servers = [launch(*options, home=f"home{number}") for number in range(2)]
    for server in servers:
        server.wait_ready()
    runs = [new_run(servers[0]) for _ in range(2)]

    def send(client: int) -> None:
        for number in range(BATCHES):
            server = servers[(client + number) % 2]
            server.ask("/api/2.0/mlflow/runs/log-batch", batch(runs[client % 2], client // 2 * BATCHES + number))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(send, range(CLIENTS)))
    for server in servers:
        for run_id in runs:
            assert steps_of(server, run_id) == list(range(CLIENTS // 2 * BATCHES * POINTS))
            server.ask("/api/2.0/mlflow/runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 5})


def test_what_a_killed_server_has_answered_is_there(database: str, launch: Launch) -> None:
    options = ("--backend-store-uri", database, "--port", "0")
    doomed, other = launch(*options, home="doomed"), launch(*options, home="other")
    doomed.wait_ready()
    other.wait_ready()
    runs = [new_run(doomed) for _ in range(CLIENTS)]
    answered: list[list[int]] = [[] for _ in runs]
    killed = threading.Event()

    def send(client: int) -> None:
        for number in range(10_000):
            try:
                doomed.ask("/api/2.0/mlflow/runs/log-batch", batch(runs[client], number))
            except (OSError, http.client.HTTPException):
                assert killed.is_set(), "a request failed while the server lived"
                return
            answered[client].append(number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        sending = [pool.submit(send, client) for client in range(CLIENTS)]
        wait_until(lambda: all(len(numbers) > 5 for numbers in answered))
        killed.set()
        doomed.process.send_signal(signal.SIGKILL)
        for one in sending:
            one.result()
    for run_id, numbers in zip(runs, answered, strict=True):
        steps = steps_of(other, run_id)
        assert len(steps) == len(set(steps))
        # Whole batches: those that were answered, and perhaps the one that was on its way.
        assert len(steps) in {len(numbers) * POINTS, (len(numbers) + 1) * POINTS}
        assert steps == list(range(len(steps)))
