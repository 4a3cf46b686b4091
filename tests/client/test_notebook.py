"""A notebook's kernel: an event loop that runs, cells that are interrupted, kernels that are restarted. Nothing hangs or is lost."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from treering.client.connect import connect
from treering.client.sync import deliver_left
from treering.core.settings import Settings
from treering.entities.page import Query
from treering.entities.run import Run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

PATIENCE = 90


class Notebook:
    """A real kernel on a home."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TREERING_", "MLFLOW_"))}
        self._environment = kept | {
            "TREERING_HOME": str(self.home), "IPYTHONDIR": str(folder / "ipython"), "JUPYTER_PLATFORM_DIRS": "1",
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        }  # fmt: skip
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(env=self._environment, cwd=str(folder))
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=PATIENCE)

    def begin(self, code: str) -> str:
        asked: str = self._client.execute(code)
        return asked

    def end(self, asked: str, until: str = "") -> str:
        """What the cell has printed once it is done, or once it has printed `until`; an error by its name."""
        said = ""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                message: dict[str, Any] = self._client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            content = message["content"]
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "stream":
                said += content["text"]
            if message["msg_type"] == "error":
                said += content["ename"]
            if (until and until in said) or content.get("execution_state") == "idle":
                return said.strip()
        pytest.fail(f"The cell does not end; it has said: {said}")

    def cell(self, code: str) -> str:
        return self.end(self.begin(code))

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def restart(self, *, now: bool) -> None:
        self._manager.restart_kernel(now=now)
        self._client.wait_for_ready(timeout=PATIENCE)

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def runs(self) -> list[Run]:
        settings = Settings(home=str(self.home))
        deliver_left(settings, self.home)
        services = connect(settings)
        try:
            return list(services.tracking.runs.search(Query(experiment_ids=["0"])).items)
        finally:
            services.close()


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    one = Notebook(tmp_path)
    yield one
    one.close()


def test_cells_go_on_with_a_run_and_its_event_loop(notebook: Notebook) -> None:
    assert notebook.cell("import treering; run = treering.start_run(); treering.log_metric('x', 1, step=1)") == ""
    # Top-level await: the kernel's event loop is running.
    assert notebook.cell("import asyncio; await asyncio.sleep(0); treering.log_metric('x', 2, step=2)") == ""
    assert notebook.cell("print(treering.active_run().info.run_id == run.info.run_id)") == "True"
    assert (
        notebook.cell("treering.flush(); print(len(treering.Client().get_metric_history(run.info.run_id, 'x')))") == "2"
    )
    # A cell that fails says nothing of the run.
    assert "KeyError" in notebook.cell("{}['nothing']")
    assert notebook.cell("treering.end_run(); print(treering.get_run(run.info.run_id).info.status)") == "FINISHED"


def test_an_interrupted_cell_loses_nothing_and_the_next_one_goes_on(notebook: Notebook) -> None:
    notebook.cell("import treering; run = treering.start_run(); step = 0")
    asked = notebook.begin(
        "print('on', flush=True)\nwhile True:\n    treering.log_metric('x', step, step=step); step += 1\n"
    )
    notebook.end(asked, until="on")
    notebook.interrupt()
    assert "KeyboardInterrupt" in notebook.end(asked)
    told = notebook.cell(
        "treering.log_metric('x', -1, step=10**9); treering.end_run()\n"
        "steps = [p.step for p in treering.Client().get_metric_history(run.info.run_id, 'x')]\n"
        "print(steps[:-1] == list(range(len(steps) - 1)), len(steps) - 1 - step in {0, 1}, steps[-1] == 10**9)\n"
    )
    assert told == "True True True"


@pytest.mark.parametrize("now", [False, True], ids=["asked", "killed"])
def test_a_restarted_kernel_has_lost_nothing(now: bool, notebook: Notebook) -> None:
    told = notebook.cell(
        "import treering\nrun = treering.start_run()\n"
        "for step in range(5000):\n    treering.log_metric('x', step, step=step)\n"
        "print(run.info.run_id)"
    )
    notebook.restart(now=now)
    assert notebook.cell("import treering; print(treering.active_run())") == "None"
    (run,) = notebook.runs()
    assert run.info.run_id == told
    assert run.data.summaries["x"].count == 5000
    if not now:
        assert run.info.status == "FINISHED"
