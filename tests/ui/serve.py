"""A server with generated data to look at, until Ctrl-C: python tests/ui/serve.py [--runs N] [--port P] [--live].

It prints where the pages are. The store is in a folder that is removed at the end.
With --live, the run that is still training gets a point every second.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).parents[1]))
from ui.site_data import Site, fill
from ui.site_server import Caller, columns, running

END = threading.Event()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40, help="runs with curves in the first experiment (default 40)")
    parser.add_argument("--port", type=int, default=0, help="any free one unless given")
    parser.add_argument("--live", action="store_true", help="a running run gets a point every second")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    with tempfile.TemporaryDirectory(prefix="treering-ui-") as home, running(Path(home), given.port) as url:
        site = fill(url, given.runs)
        for name, path in addresses(site).items():
            print(f"{name:<22} {url}{path}", flush=True)
        print("Ready. Ctrl-C ends it.", flush=True)
        step = 400
        while not END.wait(1):
            if given.live:
                step += 1
                _one_more(Caller(url), site.live_run_id, step)


def addresses(site: Site) -> dict[str, str]:
    """What there is to see, and where."""
    return {
        "experiments": "/experiments",
        "44 runs with curves": f"/experiments/{site.experiment_id}",
        "nested, running, NaN": f"/experiments/{site.llm_id}",
        "many columns": f"/experiments/{site.wide_id}",
        "no runs": f"/experiments/{site.empty_id}",
        "a run with all files": f"/runs/{site.run_id}?tab=artifacts",
        "its neighbours": f"/runs/{site.more_run_ids[0]} and /runs/{site.more_run_ids[1]}",
        "parent": f"/runs/{site.parent_id}",
        "running": f"/runs/{site.live_run_id}",
        "diverged": f"/runs/{site.diverged_run_id}?tab=charts",
        "models": "/models and /models/cifar10 and /models/churn",
        "logged model": f" {site.logged_model_id}",
    }


def _one_more(call: Caller, run_id: str, step: int) -> None:
    loss = 2.5 * math.exp(-step / 300) + 0.4 + 0.03 * math.sin(step / 3)
    at = int(time.time() * 1000)
    series = {"train/loss": columns([loss], at - 500 * step, first=step)}
    call.log(run_id, series=series)


def _end(_number: int, _frame: FrameType | None) -> None:
    END.set()


if __name__ == "__main__":
    main()
