from __future__ import annotations

import threading

import pytest

from treering.client.standstill import Standstill


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.client.standstill._PATIENCE", 60.0)


@pytest.mark.usefixtures("patient")
def test_a_fork_waits_for_work_to_end_and_work_for_the_fork() -> None:
    still = Standstill()
    order: list[str] = []
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with still.work():
            inside.set()
            leave.wait(30)
            order.append("worked")
        with still.work():
            order.append("worked again")

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(30)
    leave.set()
    still.hold()
    order.append("forked")
    still.release()
    thread.join(30)
    assert order == ["worked", "forked", "worked again"]


@pytest.mark.usefixtures("patient")
def test_work_lets_a_fork_in_where_it_rests() -> None:
    still = Standstill()
    forked = threading.Event()

    def fork() -> None:
        still.hold()
        forked.set()
        still.release()

    thread = threading.Thread(target=fork)
    with still.work():
        thread.start()
        while not forked.is_set():
            still.rest()
    thread.join(30)
    assert forked.is_set()


def test_a_fork_does_not_wait_for_ever() -> None:
    still = Standstill()
    with still.work():
        still.hold()
        still.release()


def test_a_fork_waits_for_modules_that_are_loaded_longer_than_for_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("treering.client.standstill._PATIENCE", 0.0)
    still = Standstill()
    inside, held = threading.Event(), threading.Event()
    order: list[str] = []

    def load() -> None:
        with still.loading():
            inside.set()
            while not still._forks:
                held.wait(0.001)
            order.append("loaded")

    thread = threading.Thread(target=load)
    thread.start()
    assert inside.wait(30)
    still.hold()
    order.append("forked")
    still.release()
    thread.join(30)
    assert order == ["loaded", "forked"]
