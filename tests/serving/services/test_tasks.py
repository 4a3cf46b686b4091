"""What runs long: submitted, looked at, fetched, tried again, and really stopped."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.core.errors import DamagedData
from treering.serving.hosting import Answer
from treering.serving.services import task_store
from treering.serving.services.host import ServiceHost, open_host
from treering.serving.services.task_store import TaskStore

Serve = Callable[..., str]
Ask = Callable[[str], Any]

STEPS: list[int] = []
CLEANED = threading.Event()


@treering.service
class Work:
    @treering.task
    def square(self, n: int) -> int:
        return n * n

    @treering.task
    def fail(self) -> int:
        return 1 // 0

    @treering.task
    def step(self) -> int:
        try:
            for one in range(100_000):
                STEPS.append(one)
                time.sleep(0.001)
        finally:
            CLEANED.set()
        return 1

    @treering.task
    async def wait(self, seconds: float, ctx: treering.Context) -> str:
        await asyncio.sleep(seconds)
        return str(ctx.request.state.task_id)

    @treering.api
    def quick(self) -> int:
        return 1


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


class Told:
    """One task, as a client in plain HTTP sees it."""

    def __init__(self, asked: Any, route: str, **arguments: Any) -> None:
        self.asked, self.route = asked, route
        answer = asked("POST", f"{route}/submit", body=json.dumps(arguments))
        assert answer.status == 200, answer.data
        self.told = answer.json()
        self.id = self.told["task_id"]

    def __call__(self, verb: str, way: str = "GET") -> Any:
        return self.asked(way, f"{self.route}/{verb}?task_id={self.id}")

    @property
    def status(self) -> str:
        return self("status").json()["status"]


def test_a_task_is_submitted_and_its_result_fetched(serve: Serve, ask: Ask) -> None:
    task = Told(ask(serve(Work)), "/square", n=7)
    assert task.told["status"] == "in_progress"
    until(lambda: task.status == "completed")
    assert task("get").data == b"49"
    assert set(task("status").json()) == {"task_id", "status", "created_at", "executed_at", "completed_at"}
    again = task("retry", "POST").json()
    assert again["task_id"] != task.id
    task.id = again["task_id"]
    until(lambda: task.status == "completed")
    assert task("get").data == b"49"


def test_what_does_not_fit_is_told_when_it_is_submitted(serve: Serve, ask: Ask) -> None:
    asked = ask(serve(Work))
    answer = asked("POST", "/square/submit", body=b'{"n": "x"}')
    assert answer.status == 400
    assert answer.json()["detail"][0]["loc"] == ["n"]
    assert asked("GET", "/square/status").status == 400
    assert asked("GET", "/square/status?task_id=none").status == 404
    assert asked("DELETE", "/square/status?task_id=none").status == 404


def test_a_task_that_fails_keeps_its_error(serve: Serve, ask: Ask) -> None:
    task = Told(ask(serve(Work)), "/fail")
    until(lambda: task.status == "failed")
    assert task("get").status == 500


def test_a_task_that_is_cancelled_stops(serve: Serve, ask: Ask) -> None:
    STEPS.clear()
    CLEANED.clear()
    task = Told(ask(serve(Work)), "/step")
    until(lambda: len(STEPS) > 3)
    assert task("get").status == 400
    assert task("cancel", "PUT").json()["status"] == "canceled"
    assert CLEANED.wait(30)
    seen = len(STEPS)
    assert task.status == "canceled"
    assert "canceled" in task("get").json()["error"]
    # The next one has the place, so that nothing holds it any more.
    other = Told(task.asked, "/square", n=2)
    until(lambda: other.status == "completed")
    assert len(STEPS) == seen
    assert task("cancel", "PUT").status == 400


def test_an_async_task_that_is_cancelled_stops_and_the_others_go_on(serve: Serve, ask: Ask) -> None:
    asked = ask(serve(Work))
    long, short = Told(asked, "/wait", seconds=600), Told(asked, "/wait", seconds=0.01)
    until(lambda: short.status == "completed")
    assert short("get").data.decode() == short.id
    assert long.status == "in_progress"
    long("cancel", "PUT")
    assert long.status == "canceled"


def test_a_task_keeps_nobody_waiting_who_asks_for_something_short(serve: Serve, ask: Ask) -> None:
    STEPS.clear()
    asked = ask(serve(Work))
    task = Told(asked, "/step")
    until(lambda: len(STEPS) > 3)
    assert asked("POST", "/quick").data == b"1"
    task("cancel", "PUT")


def test_any_worker_tells_of_a_task_and_stops_it(serve: Serve, ask: Ask, tmp_path: Path) -> None:
    tasks = str(tmp_path / "shared.db")
    first, second = ask(serve(Work, tasks=tasks)), ask(serve(Work, tasks=tasks))
    STEPS.clear()
    CLEANED.clear()
    held = [Told(first, "/step") for _ in range(2)]
    until(lambda: all(Told.__call__(one, "status").json()["executed_at"] for one in held))
    for one in held:
        one.asked = second
        assert one.status == "in_progress"
        assert one("cancel", "PUT").status == 200
    assert CLEANED.wait(30)


def test_tasks_of_a_worker_that_ends_are_failed_and_say_why(tmp_path: Path) -> None:
    STEPS.clear()
    path = tmp_path / "tasks.db"
    host = ServiceHost(Work, {"session": str(tmp_path), "tasks": str(path)})
    store = TaskStore(path)
    task = store.submit("step", "application/json", b"")
    until(lambda: len(STEPS) > 3)
    host.close()
    found = store.find(task.id)
    store.close()
    assert found is not None
    assert found.status == "failed"
    assert found.answer is not None
    assert b"worker" in found.answer.body


ISOLATED = """
import os, time
from pathlib import Path
import treering

@treering.service
class Alone:
    @treering.task(isolated=True)
    def process(self, folder: str, seconds: float = 0) -> int:
        Path(folder, f"{os.getpid()}.began").touch()
        time.sleep(seconds)
        return os.getpid()

    @treering.task(isolated=True)
    def die(self) -> int:
        os._exit(3)
"""


def test_an_isolated_task_has_a_process_of_its_own_that_is_killed(module: Any, tmp_path: Path) -> None:
    folder = module("alone_tasks", ISOLATED)
    what = {"service": "alone_tasks:Alone", "folder": str(folder), "session": str(tmp_path / "s")}
    host = open_host({**what, "tasks": str(tmp_path / "tasks.db")})
    store = TaskStore(tmp_path / "tasks.db")
    try:
        body = json.dumps({"folder": str(tmp_path)}).encode()
        done = store.submit("process", "application/json", body)
        until(lambda: store.find(done.id).status == "completed")
        assert int(store.find(done.id).answer.body) != os.getpid()
        died = store.submit("die", "application/json", b"{}")
        until(lambda: store.find(died.id).status == "failed")
        assert b"status 3" in store.find(died.id).answer.body
        body = json.dumps({"folder": str(tmp_path), "seconds": 600}).encode()
        long = store.submit("process", "application/json", body)
        until(lambda: len(list(tmp_path.glob("*.began"))) == 2)
        (process,) = {int(one.stem) for one in tmp_path.glob("*.began")} - {int(store.find(done.id).answer.body)}
        store.cancel(long.id)
        until(lambda: not _runs(process))
    finally:
        host.close()
        store.close()


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_task_is_taken_once_however_many_want_it(tmp_path: Path) -> None:
    stores = [TaskStore(tmp_path / "t.db") for _ in range(4)]
    wanted = {stores[0].submit("f", "", b"").id for _ in range(40)}
    taken: list[str] = []

    def take(store: TaskStore, owner: str) -> None:
        while (task := store.claim(owner, ["f"])) is not None:
            taken.append(task.id)

    threads = [threading.Thread(target=take, args=(store, str(index))) for index, store in enumerate(stores)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(taken) == sorted(wanted)
    for one in stores:
        one.close()


def test_results_that_nobody_fetched_and_workers_that_died_are_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TaskStore(tmp_path / "t.db")
    old, dead = store.submit("f", "", b""), store.submit("g", "", b"")
    store.claim("a", ["f"])
    store.finish(old.id, "a", Answer(200, b"1"))
    store.claim("b", ["g"])
    real = time.time
    monkeypatch.setattr(task_store.time, "time", lambda: real() + 60)
    assert store.bury(Answer(503, b"")) == 1
    assert store.find(dead.id).status == "failed"
    monkeypatch.setattr(task_store.time, "time", lambda: real() + 2 * 24 * 3600)
    store.submit("f", "", b"")
    assert store.find(old.id) is None
    store.close()


def test_a_file_that_holds_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.db").write_bytes(b"no database" * 1000)
    with pytest.raises(DamagedData, match=r"t\.db is no file of tasks"):
        TaskStore(tmp_path / "t.db")
