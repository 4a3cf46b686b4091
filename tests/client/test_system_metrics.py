from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.client import system_metrics
from treering.client.system_metrics.probes.linux import LinuxProbe
from treering.client.system_metrics.switches import _Called
from treering.core.errors import InvalidInput

Fresh = Callable[..., Any]

NAMES = {
    "cpu_utilization_percentage",
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
    "disk_usage_percentage",
    "disk_usage_megabytes",
    "disk_available_megabytes",
    "network_receive_megabytes",
    "network_transmit_megabytes",
}


@pytest.fixture(autouse=True)
def unchosen() -> Iterator[None]:
    yield
    _Called.enabled = _Called.interval = _Called.samples = _Called.node_id = None


def of_system(run_id: str) -> dict[str, float]:
    metrics = treering.get_run(run_id).data.metrics
    return {key.removeprefix("system/"): value for key, value in metrics.items() if key.startswith("system/")}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_short_run_has_a_point_of_each_under_mlflows_names(fresh: Fresh) -> None:
    fresh()
    with treering.start_run(log_system_metrics=True) as run:
        wait_for(lambda: LinuxProbe().sample() != {})
    found = of_system(run.info.run_id)
    # The processor has no share of no time.
    assert NAMES - {"cpu_utilization_percentage"} <= set(found)
    assert set(found) <= NAMES | {key for key in found if key.startswith("gpu_")}
    assert 0 < found["system_memory_usage_percentage"] < 100


def test_the_switches_decide_where_start_run_says_nothing(fresh: Fresh) -> None:
    fresh()
    with treering.start_run() as silent:
        pass
    treering.enable_system_metrics_logging()
    with treering.start_run() as on, treering.start_run(nested=True, log_system_metrics=False) as off:
        pass
    treering.disable_system_metrics_logging()
    with treering.start_run() as again:
        pass
    counts = [bool(of_system(run.info.run_id)) for run in (silent, on, off, again)]
    assert counts == [False, True, False, False]


def test_the_settings_decide_where_nothing_was_called(fresh: Fresh) -> None:
    fresh(system_metrics="true", system_metrics_node_id="left")
    with treering.start_run() as run:
        pass
    assert "left/disk_usage_megabytes" in of_system(run.info.run_id)


def test_steps_count_up_and_go_on_in_a_resumed_run(fresh: Fresh) -> None:
    fresh()
    treering.set_system_metrics_sampling_interval(0.01)
    treering.set_system_metrics_samples_before_logging(2)
    key = "system/disk_usage_megabytes"

    def history() -> list[int]:
        return [point.step for point in treering.Client().get_metric_history(run.info.run_id, key)]

    with treering.start_run(log_system_metrics=True) as run:
        wait_for(lambda: len(history()) > 2)
    first = history()
    with treering.start_run(run_id=run.info.run_id, log_system_metrics=True):
        pass
    steps = sorted(history())
    assert len(steps) > len(first)
    assert steps == list(range(len(steps)))


def test_a_probe_that_breaks_does_not_break_the_run(fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh()

    def broken(_: LinuxProbe) -> dict[str, float]:
        raise RuntimeError

    monkeypatch.setattr(LinuxProbe, "sample", broken)
    with treering.start_run(log_system_metrics=True) as run:
        treering.log_metric("loss", 1.0)
    found = treering.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics == {"loss": 1.0}


def test_a_forked_child_leaves_the_watching_to_its_parent(fresh: Fresh) -> None:
    fresh()
    with treering.start_run(log_system_metrics=True) as run:
        if (child := os.fork()) == 0:
            treering.end_run()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert of_system(run.info.run_id)
    assert system_metrics._Watched.monitors == {}


def test_what_linux_tells_is_understood(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    head = "Inter-|   Receive  |  Transmit\n face |bytes\n"
    (tmp_path / "meminfo").write_text("MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 250 kB\n")
    (tmp_path / "stat").write_text("cpu  10 0 10 70 10 0 0 0 0 0\ncpu0 1 1\n")
    (tmp_path / "net" / "dev").write_text(f"{head}  eth0: 1000000 1 0 0 0 0 0 0 2000000 1 0 0 0 0 0 0\n")
    probe = LinuxProbe(tmp_path)
    assert "cpu_utilization_percentage" not in probe.sample()
    (tmp_path / "stat").write_text("cpu  40 0 10 130 20 0 0 0 0 0\n")
    (tmp_path / "net" / "dev").write_text(f"{head}  eth0: 4000000 1 0 0 0 0 0 0 3000000 1 0 0 0 0 0 0\n")
    found = probe.sample()
    assert found["cpu_utilization_percentage"] == 30
    assert found["system_memory_usage_percentage"] == 75
    assert found["system_memory_usage_megabytes"] == 0.768
    assert (found["network_receive_megabytes"], found["network_transmit_megabytes"]) == (3, 1)


@pytest.mark.parametrize("interval", [0, -1])
def test_numbers_that_make_no_sense_are_refused(interval: float) -> None:
    with pytest.raises(InvalidInput, match="above 0"):
        treering.set_system_metrics_sampling_interval(interval)
    with pytest.raises(InvalidInput, match="At least 1"):
        treering.set_system_metrics_samples_before_logging(0)
