"""Workers that die, hang, grow, or never come: what clients are told, and that the server goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import urllib3

from toy_servers import Toy, options_of, toy_server, toy_variables
from treering.core.errors import NotFound, Unavailable
from treering.serving.front.embedding import running
from treering.serving.front.running import Where
from treering.serving.ports import bind


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Toy]]:
    with ExitStack() as stack:
        yield lambda what=None, **more: stack.enter_context(toy_server(tmp_path, what, **more))


def until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What is not false in the end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    pytest.fail("it did not come about")


def lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def test_a_worker_that_is_killed_is_replaced_and_nobody_notices(start: Any):
    toy = start()
    for _ in range(3):
        before = toy.do().json()["pid"]
        os.kill(before, signal.SIGKILL)
        answer = toy.do()  # waits for the next one
        assert answer.status == 200
        assert answer.json()["pid"] != before
    until(lambda: toy.metric("treering_model_worker_restarts_total") == 3)
    assert toy.get("/ready").json()["workers"] == {"ready": 1, "wanted": 1, "restarts": 3}


def test_what_a_dead_worker_had_in_hand_is_asked_again(start: Any, tmp_path: Path):
    toy = start()
    answer = toy.do("exit until", file=str(tmp_path / "once"))
    assert answer.status == 200
    assert toy.metric("treering_model_worker_restarts_total") == 1


def test_the_one_that_kills_is_found_and_the_others_in_its_group_are_answered(start: Any, tmp_path: Path):
    toy = start()
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(32) as pool:
        first = pool.submit(toy.do, "wait for", file=str(gate))
        until(lambda: toy.metric("treering_model_requests_in_flight") == 1)
        others = [pool.submit(toy.do, "exit" if number == 11 else "echo") for number in range(24)]
        until(lambda: toy.metric("treering_model_queue_length") == 24)
        gate.touch()
        found = [one.result() for one in others]
    assert first.result().status == 200
    assert [place for place, one in enumerate(found) if one.status != 200] == [11]
    assert (found[11].status, "died twice" in found[11].json()["message"]) == (500, True)
    # Each of the others went alone, so that none could be taken for it.
    assert {one.json()["together"] for one in found if one.status == 200} == {1}


def test_what_may_have_been_done_is_not_done_again(start: Any, tmp_path: Path):
    toy = start()
    file = tmp_path / "done"
    answer = toy.do("exit until", path="/once", file=str(file))
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "may have done" in answer.json()["message"]
    assert toy.do("exit until", path="/once", file=str(file)).status == 200


def test_what_raises_is_a_500_and_the_worker_stays(start: Any):
    toy = start()
    before = toy.do().json()["pid"]
    answer = toy.do("raise", text="secret")
    assert (answer.status, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
    assert b"secret" not in answer.data
    assert answer.headers["x-request-id"] in answer.json()["message"]
    assert toy.post("/do", b"too few").status == 500
    assert toy.do().json()["pid"] == before


def test_who_hangs_is_told_late_and_the_worker_is_replaced(start: Any, tmp_path: Path):
    toy = start(timeout=1.0, patience={"grace": 0.2})
    before = toy.do().json()["pid"]
    late = toy.do("wait for", file=str(tmp_path / "never"))
    assert (late.status, late.json()["error_code"]) == (504, "DEADLINE_EXCEEDED")
    until(lambda: not lives(before))
    until(lambda: toy.get("/ready").status == 200)
    until(lambda: toy.do().status == 200)


def test_who_waits_behind_it_is_told_late_too(start: Any, tmp_path: Path):
    toy = start(timeout=1.0, patience={"grace": 60.0})
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(toy.do, "wait for", file=str(gate))
        until(lambda: toy.metric("treering_model_requests_in_flight") == 1)
        statuses = [one.status for one in pool.map(lambda _: toy.do(), range(5))]
    assert (first.result().status, statuses) == (504, [504] * 5)
    gate.touch()
    until(lambda: toy.do().status == 200)
    assert toy.metric("treering_model_worker_restarts_total") == 0


def test_too_many_are_told_to_come_later(start: Any, tmp_path: Path):
    toy = start(waiting=2)
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(toy.do, "wait for", file=str(gate))
        until(lambda: toy.metric("treering_model_requests_in_flight") == 1)
        waiting = [pool.submit(toy.do) for _ in range(2)]
        until(lambda: toy.metric("treering_model_queue_length") == 2)
        refused = toy.do()
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        assert toy.do(path="/many").status == 200  # another lane
        gate.touch()
        assert [one.result().status for one in (first, *waiting)] == [200] * 3
    assert toy.metric("treering_model_rejected_total") == 1


def test_who_has_gone_is_not_worked_for(start: Any, tmp_path: Path):
    toy = start()
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(toy.do, "wait for", file=str(gate))
        until(lambda: toy.metric("treering_model_requests_in_flight") == 1)
        with toy.plain() as connection:
            connection.sendall(b"POST /do HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            until(lambda: toy.metric("treering_model_queue_length") == 1)
        until(lambda: toy.metric("treering_model_queue_length") == 0)
        gate.touch()
        assert first.result().status == 200
    assert toy.metric("treering_model_rows_total") == 1


def test_a_lane_of_several_hands_is_answered_at_once(start: Any, tmp_path: Path):
    toy = start()
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(8) as pool:
        some = [pool.submit(toy.do, "wait for", "/many", file=str(gate)) for _ in range(3)]
        until(lambda: toy.metric("treering_model_requests_in_flight") == 3)
        assert toy.do(path="/many").status == 200
        assert toy.do(path="/do").status == 200
        gate.touch()
        assert {one.result().status for one in some} == {200}


def test_several_workers_share_what_waits(start: Any, tmp_path: Path):
    toy = start(workers=2)
    until(lambda: toy.get("/ready").json()["workers"]["ready"] == 2)
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(8) as pool:
        held = [pool.submit(toy.do, "wait for", file=str(gate)) for _ in range(2)]
        until(
            lambda: (
                toy.metric("treering_model_requests_in_flight") == 2 and toy.metric("treering_model_queue_length") == 0
            )
        )
        gate.touch()
        assert len({one.result().json()["pid"] for one in held}) == 2


def test_a_worker_that_grows_is_replaced_between_requests(start: Any):
    toy = start(memory=150 << 20)
    before = toy.do().json()["pid"]
    assert toy.do("grow", mib=200).status == 200
    statuses = set()
    until(lambda: statuses.add((answer := toy.do()).status) or answer.json()["pid"] != before)
    assert statuses == {200}
    until(lambda: not lives(before))


def test_what_cannot_be_opened_ends_the_server_with_its_reason(tmp_path: Path):
    with pytest.raises(NotFound, match="It is broken: quite"), toy_server(tmp_path, {"broken": "quite"}):
        pass


def test_a_worker_that_dies_before_it_is_ready_ends_the_server(tmp_path: Path):
    with pytest.raises(Unavailable, match="ended with status 3 before it was ready"), toy_server(tmp_path, {"dies": 3}):
        pass


def test_workers_that_do_not_come_back_are_told_honestly(start: Any, tmp_path: Path):
    toy = start({"first_only": str(tmp_path / "opened")})
    os.kill(toy.do().json()["pid"], signal.SIGKILL)
    until(lambda: toy.get("/ready").status == 503)
    answer = until(lambda: (one := toy.do()).status == 503 and one)
    assert "cannot be loaded any more" in answer.json()["message"]
    assert toy.get("/health").status == 200
    (tmp_path / "opened").unlink()
    until(lambda: toy.do().status == 200)


def test_before_it_is_loaded_it_lives_and_is_not_ready(tmp_path: Path):
    # Announced when it is ready, so the port has to be known before.
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    seen: list[tuple[int, int, int]] = []

    def look() -> None:
        http = urllib3.PoolManager(retries=False)
        url = f"http://127.0.0.1:{port}"
        while not seen:
            try:
                ready = http.request("GET", f"{url}/ready").status
                asked = http.request("POST", f"{url}/do", body=b"{}").status
                seen.append((http.request("GET", f"{url}/health").status, ready, asked))
            except urllib3.exceptions.HTTPError:
                time.sleep(0.02)
        http.clear()

    thread = threading.Thread(target=look)
    thread.start()
    with running(options_of({"slow": 3}), Where(port=port), variables=toy_variables(tmp_path)):
        thread.join()
    assert seen == [(200, 503, 503)]


def test_the_server_finishes_what_runs_before_it_ends(start: Any, tmp_path: Path):
    toy = start()
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(toy.do, "wait for", file=str(gate))
        until(lambda: toy.metric("treering_model_requests_in_flight") == 1)
        toy.server.process.send_signal(signal.SIGTERM)
        until(lambda: _refuses(toy))
        gate.touch()
        answer = running.result()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert toy.server.process.wait(30) == 0


def test_a_server_that_leaves_slowly_says_so_at_once(start: Any):
    toy = start(patience={"lame": 3.0})
    toy.server.process.send_signal(signal.SIGTERM)
    ready = until(lambda: (one := toy.get("/ready")).status == 503 and one)
    assert ready.json()["state"] == "draining"
    assert toy.do().status == 200
    assert toy.server.process.wait(30) == 0


def test_workers_end_with_the_front_whatever_ends_it(start: Any, tmp_path: Path):
    toy = start(workers=2)
    pids = {int(one) for one in subprocess.run(
        ["pgrep", "-P", str(toy.server.process.pid)], capture_output=True, text=True, check=True
    ).stdout.split()}  # fmt: skip
    assert len(pids) == 2
    hung = threading.Thread(target=lambda: _ignoring(lambda: toy.do("wait for", file=str(tmp_path / "never"))))
    hung.start()
    until(lambda: toy.metric("treering_model_requests_in_flight") == 1)
    toy.server.process.kill()
    until(lambda: not any(lives(pid) for pid in pids))
    hung.join()


def _refuses(toy: Toy) -> bool:
    try:
        with toy.plain():
            return False
    except OSError:
        return True


def _ignoring(action: Callable[[], Any]) -> None:
    with suppress(urllib3.exceptions.HTTPError):
        action()
