"""Threads, forks and other processes: whoever logs to a run, all of it is there when the run has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from treering.client.connect import connect
from treering.core.settings import Settings
from treering.entities.lifecycle import View
from treering.entities.page import Query
from treering.entities.run import Run

START = """
import concurrent.futures, multiprocessing, os, signal, sys, threading, time
import treering

def work(job):
    run_id, worker = job
    for step in range(100):
        treering.log_metric(f"worker{worker}", step, step=step, run_id=run_id)
    return worker
"""


def environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
    return kept | {"TREERING_HOME": str(home), "PYTHONWARNINGS": "ignore"}


def execute(tmp_path: Path, body: str, *arguments: str, status: int | None = 0) -> str:
    """A script of its own, because children that are spawned import it; returns what it printed."""
    script = tmp_path / "script.py"
    script.write_text(START + body)
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        env=environment(tmp_path / "home"), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert status is None or done.returncode == status, done.stderr
    return done.stdout.strip()


def all_runs(home: Path) -> list[Run]:
    services = connect(Settings(home=str(home)), home)
    try:
        experiments = services.tracking.experiments.search(Query(view=View.ACTIVE_ONLY, max_results=100)).items
        query = Query(experiment_ids=[one.experiment_id for one in experiments], max_results=100)
        return list(services.tracking.runs.search(query).items)
    finally:
        services.close()


COUNTS = """
    found = treering.get_run(run.info.run_id)
    print({key: summary.count for key, summary in sorted(found.data.summaries.items())}, found.info.status)
"""

WORKERS = {
    "pool of fork": "multiprocessing.get_context('fork').Pool(3)",
    "pool of spawn": "multiprocessing.get_context('spawn').Pool(3)",
    "pool of forkserver": "multiprocessing.get_context('forkserver').Pool(3)",
    "executor": "concurrent.futures.ProcessPoolExecutor(3, mp_context=multiprocessing.get_context('spawn'))",
    "threads": "concurrent.futures.ThreadPoolExecutor(3)",
}


@pytest.mark.parametrize("kind", WORKERS)
def test_workers_of_every_kind_log_to_their_parents_run(kind: str, tmp_path: Path) -> None:
    """The parent chose where to track in its code, which only reaches spawned children through the environment."""
    told = execute(
        tmp_path,
        f"""
if __name__ == "__main__":
    treering.set_tracking_uri("elsewhere")
    treering.set_experiment("workers")
    with treering.start_run() as run:
        with {WORKERS[kind]} as pool:
            assert sorted(pool.map(work, [(run.info.run_id, n) for n in range(3)])) == [0, 1, 2]
"""
        + COUNTS,
    )
    assert told == "{'worker0': 100, 'worker1': 100, 'worker2': 100} FINISHED"
    assert list((tmp_path / "elsewhere" / "journal").iterdir()) == []


def test_children_that_are_ended_without_a_word_lose_nothing(tmp_path: Path) -> None:
    """`os._exit`, SIGTERM and SIGKILL leave journals behind; the parent delivers them when its run ends."""
    told = execute(
        tmp_path,
        """
def end(run_id, how):
    work((run_id, how))
    if how == "exit":
        os._exit(3)
    os.kill(os.getpid(), getattr(signal, how))
    time.sleep(60)

if __name__ == "__main__":
    with treering.start_run() as run:
        for method in ("fork", "spawn"):
            for how in ("exit", "SIGTERM", "SIGKILL"):
                child = multiprocessing.get_context(method).Process(target=end, args=(run.info.run_id, how))
                child.start()
                child.join()
"""
        + COUNTS,
    )
    assert told == "{'workerSIGKILL': 200, 'workerSIGTERM': 200, 'workerexit': 200} FINISHED"


def test_spawned_children_begin_runs_in_their_parents_experiment(tmp_path: Path) -> None:
    execute(
        tmp_path,
        """
def begin(number):
    with treering.start_run(run_name=f"child {number}"):
        treering.log_metric("x", number)

if __name__ == "__main__":
    treering.set_experiment("parents")
    for method in ("spawn", "fork", "forkserver"):
        with treering.start_run(run_name="parent"):
            child = multiprocessing.get_context(method).Process(target=begin, args=(1,))
            child.start()
            child.join()
            assert child.exitcode == 0
            assert treering.active_run().info.run_name == "parent"
""",
    )
    runs = all_runs(tmp_path / "home")
    assert sorted((run.info.run_name, run.info.status) for run in runs) == (
        [("child 1", "FINISHED")] * 3 + [("parent", "FINISHED")] * 3
    )
    assert len({run.info.experiment_id for run in runs}) == 1


def test_a_fork_below_a_run_knows_the_run_it_came_from(tmp_path: Path) -> None:
    told = execute(
        tmp_path,
        """
if __name__ == "__main__":
    with treering.start_run() as run:
        for number in range(3):
            if os.fork() == 0:
                treering.log_metric("inherited", number, step=number)
                with treering.start_run(nested=True, run_name="nested"):
                    pass
                sys.exit(0)
        for _ in range(3):
            os.wait()
"""
        + COUNTS,
    )
    assert told == "{'inherited': 3} FINISHED"
    runs = all_runs(tmp_path / "home")
    (parent,) = [run for run in runs if run.info.run_name != "nested"]
    nested = [run for run in runs if run.info.run_name == "nested"]
    assert [run.data.tags["mlflow.parentRunId"] for run in nested] == [parent.info.run_id] * 3
    assert [run.info.status for run in nested] == ["FINISHED"] * 3


def test_a_fork_while_other_threads_log_neither_hangs_nor_loses(tmp_path: Path) -> None:
    told = execute(
        tmp_path,
        """
def log(run_id, name):
    for step in range(3000):
        treering.log_metric(name, step, step=step, run_id=run_id)

if __name__ == "__main__":
    with treering.start_run() as run:
        threads = [threading.Thread(target=log, args=(run.info.run_id, f"thread{n}")) for n in range(2)]
        for thread in threads:
            thread.start()
        for number in range(10):
            child = os.fork()
            if child == 0:
                treering.log_metric("forked", number, step=number)
                sys.exit(0)
            assert os.waitpid(child, 0)[1] == 0
        for thread in threads:
            thread.join()
"""
        + COUNTS,
    )
    assert told == "{'forked': 10, 'thread0': 3000, 'thread1': 3000} FINISHED"


def test_each_thread_has_a_run_of_its_own(tmp_path: Path) -> None:
    execute(
        tmp_path,
        """
def train(number):
    with treering.start_run(run_name=f"thread {number}"):
        for step in range(200):
            treering.log_metric("x", number, step=step)

if __name__ == "__main__":
    treering.set_experiment("parallel")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(train, range(6)))
""",
    )
    runs = sorted(all_runs(tmp_path / "home"), key=lambda run: run.info.run_name)
    assert [run.info.run_name for run in runs] == [f"thread {n}" for n in range(6)]
    assert [(run.data.summaries["x"].count, run.data.metrics["x"]) for run in runs] == [(200, n) for n in range(6)]


def test_tasks_of_an_event_loop_have_runs_of_their_own(tmp_path: Path) -> None:
    execute(
        tmp_path,
        """
import asyncio

async def train(number):
    with treering.start_run(run_name=f"task {number}"):
        for step in range(20):
            treering.log_metric("x", number, step=step)
            await asyncio.sleep(0)

async def main():
    await asyncio.gather(*(train(number) for number in range(4)))

if __name__ == "__main__":
    asyncio.run(main())
""",
    )
    runs = sorted(all_runs(tmp_path / "home"), key=lambda run: run.info.run_name)
    assert [(run.info.run_name, run.data.metrics["x"], run.data.summaries["x"].count) for run in runs] == [
        (f"task {n}", n, 20) for n in range(4)
    ]


def test_workers_of_loky_log_to_their_parents_run(tmp_path: Path) -> None:
    pytest.importorskip("joblib", reason="joblib comes with scikit-learn, which is not installed")
    told = execute(
        tmp_path,
        """
if __name__ == "__main__":
    import joblib
    with treering.start_run() as run:
        treering.log_metric("parent", 1)
        joblib.Parallel(2)(joblib.delayed(work)((run.info.run_id, n)) for n in range(3))
        from joblib.externals.loky import get_reusable_executor
        get_reusable_executor().shutdown(wait=True)
"""
        + COUNTS,
    )
    assert told == "{'parent': 1, 'worker0': 100, 'worker1': 100, 'worker2': 100} FINISHED"


@pytest.mark.parametrize(
    ("ending", "status", "exit_status"),
    [
        ("pass", "FINISHED", 0),
        ("sys.exit()", "FINISHED", 0),
        ("sys.exit(0)", "FINISHED", 0),
        ("sys.exit(1)", "FAILED", 1),
        ("exit(1)", "FAILED", 1),
        ("quit()", "FINISHED", 0),
        ("sys.exit('out of data')", "FAILED", 1),
        ("raise KeyError('x')", "FAILED", 1),
        # Python forgets the signal where something is loaded at its end, so that the status is this or that.
        ("raise KeyboardInterrupt", "KILLED", None),
        ("treering.end_run('KILLED')", "KILLED", 0),
        # Somebody caught it, as test runners and option parsers do.
        ("try:\n    sys.exit(2)\nexcept SystemExit:\n    pass", "FINISHED", 0),
        ("import argparse\nargparse.ArgumentParser().parse_args(['--unknown'])", "FAILED", 2),
    ],
)
def test_a_run_left_open_tells_how_the_program_ended(
    tmp_path: Path, ending: str, status: str, exit_status: int | None
) -> None:
    execute(tmp_path, f"treering.start_run()\n{ending}\n", status=exit_status)
    (run,) = all_runs(tmp_path / "home")
    assert run.info.status == status


@pytest.mark.parametrize(
    ("raised", "status"),
    [("SystemExit(0)", "FINISHED"), ("SystemExit", "FINISHED"), ("SystemExit(3)", "FAILED"), ("ValueError", "FAILED")],
)
def test_a_block_tells_how_it_was_left(tmp_path: Path, raised: str, status: str) -> None:
    body = f"try:\n    with treering.start_run():\n        raise {raised}\nexcept BaseException:\n    pass\n"
    execute(tmp_path, body)
    (run,) = all_runs(tmp_path / "home")
    assert run.info.status == status


def test_an_interrupted_program_delivers_and_ends(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        START + "treering.start_run()\nprint('on', flush=True)\nwhile True:\n    treering.log_metric('x', 1)\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env=environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    finally:
        process.kill()
        process.stdout.close()
    (run,) = all_runs(tmp_path / "home")
    assert run.info.status == "KILLED"
