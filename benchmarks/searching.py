"""Searches over many runs: pages over HTTP on SQLite and PostgreSQL, the table of runs, and whole data frames."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from figures import Figure
from servers import Server, serving
from sides import MLFLOW, ROOT, TREERING, Side
from stores import fill_mlflow, fill_treering, for_mlflow

from wire import Wire

sys.path.insert(0, str(Path(__file__).parent / "workloads"))
sys.path.insert(0, str(ROOT / "tests"))
from runs import FILTER, ORDER

from databases import postgresql_server

__all__ = ["frames", "grid", "searching", "searching_postgresql", "warm"]

WORKLOAD = Path(__file__).parent / "workloads" / "frame.py"
FRAME = 10_000
# MLflow's own environment has no driver for PostgreSQL; this folder beside it has.
DRIVER = ROOT / ".cache" / "peers" / "mlflow-3-postgresql"


def searching(folder: Path, *, quick: bool, runs: int = 100_000) -> list[Figure]:
    """On SQLite. Each run has 10 params, 10 metrics, 5 tags."""
    count = min(runs, 5000) if quick else runs
    ours, theirs = folder / "treering", folder / "mlflow"
    for one in (ours, theirs):
        one.mkdir(parents=True)
    fill_treering(f"sqlite:///{ours / 'bench.db'}", count)
    fill_mlflow(f"sqlite:///{theirs / 'bench.db'}", count, theirs)
    with serving(TREERING, ours) as server:
        mine = _measured(server, TREERING, quick=quick)
    with serving(MLFLOW, theirs) as server:
        others = _measured(server, MLFLOW, quick=quick)
    return _figures("SQLite", count, mine, others)


def searching_postgresql(folder: Path, *, quick: bool, runs: int = 100_000) -> list[Figure]:
    """The same on PostgreSQL."""
    count = min(runs, 5000) if quick else runs
    _install_driver()
    environment = {**os.environ, "PYTHONPATH": str(DRIVER)}
    with postgresql_server() as create:
        ours, theirs = create(), create()
        fill_treering(ours, count)
        folder.mkdir(parents=True)
        fill_mlflow(theirs, count, folder, environment)
        with serving(TREERING, folder / "treering", "--backend-store-uri", ours) as server:
            mine = _measured(server, TREERING, quick=quick)
        uri = for_mlflow(theirs)
        with serving(MLFLOW, folder / "mlflow", "--backend-store-uri", uri, PYTHONPATH=str(DRIVER)) as server:
            others = _measured(server, MLFLOW, quick=quick)
    return _figures("PostgreSQL", count, mine, others)


def grid(folder: Path, *, quick: bool, runs: int = 100_000) -> list[Figure]:
    """What a page with the table of all runs asks, on SQLite; MLflow's pages have nothing to ask but a search."""
    count = min(runs, 5000) if quick else runs
    ours, theirs = folder / "treering", folder / "mlflow"
    for one in (ours, theirs):
        one.mkdir(parents=True)
    fill_treering(f"sqlite:///{ours / 'bench.db'}", count)
    fill_mlflow(f"sqlite:///{theirs / 'bench.db'}", count, theirs)
    offset = count * 9 // 10
    with serving(TREERING, ours) as server, Wire(server.port) as wire:
        mine, names = _grid(wire, offset)
    with serving(MLFLOW, theirs) as server, Wire(server.port) as wire:
        others, theirs_names = _far_page(wire, offset)
    if names != theirs_names:
        msg = "The two sides found different runs: the comparison is worth nothing."
        raise RuntimeError(msg)
    none = float("nan")
    rows = [
        (f"200 rows from {offset:,} on, by a metric", mine["sorted"], others),
        ("the same order, scrolled on", mine["scrolled"], others),
        ("which keys there are, after a change", mine["keys"], none),
        ("groups by a param", mine["groups"], none),
        ("groups by a param, with figures of 5 metrics", mine["figures"], none),
        ("the first question, which builds the columns", mine["first"], none),
    ]
    what = f"table of {count:,} runs on SQLite"
    return [Figure("grid", f"{what}, {name}", "ms", here * 1000, there * 1000) for name, here, there in rows]


def _grid(wire: Wire, offset: int) -> tuple[dict[str, float], list[str]]:
    """Median seconds by question, each asked of ten metrics or params; and the names on the page by the first metric."""
    shown = [f"{part}.{part[0]}{index}" for part in ("metrics", "params") for index in range(10)]

    def ask(path: str, **body: Any) -> tuple[float, Any]:
        taken, answer = wire.ask(f"/api/v1/runs/{path}", json.dumps({"experiment_ids": ["0"], **body}).encode())
        return taken, json.loads(answer)

    first, page = ask("rows")
    found: dict[str, list[float]] = {name: [] for name in ("sorted", "scrolled", "keys", "groups", "figures")}
    names: list[str] = []
    for index in range(10):
        asked = {"order_by": [f"metrics.m{index}"], "columns": shown}
        taken, rows = ask("rows", **asked, offset=offset)
        found["sorted"].append(taken)
        names = names or rows["names"]
        found["scrolled"].append(ask("rows", **asked, offset=offset - 200)[0])
        ask("change", action="set_tags", run_ids=[page["run_ids"][index]], tags={"seen": "yes"})
        found["keys"].append(ask("keys")[0])
        found["groups"].append(ask("groups", by=[f"params.p{index}"])[0])
        figures = [f"metrics.m{number}" for number in range(5)]
        found["figures"].append(ask("groups", by=[f"params.p{index}"], columns=figures)[0])
    return {"first": first, **{name: median(taken) for name, taken in found.items()}}, names


def _far_page(wire: Wire, offset: int) -> tuple[float, list[str]]:
    """Median seconds for a page of 200 that far down, without those for the way there; and the names on it."""
    question: dict[str, Any] = {"experiment_ids": ["0"], "order_by": ["metrics.m0"]}
    for passed in range(0, offset, 10_000):
        size = min(10_000, offset - passed)
        answer = wire.post_bytes("runs/search", json.dumps({**question, "max_results": size}).encode())[1]
        question["page_token"] = json.loads(answer)["next_page_token"]
    taken, page = _asked(wire, {**question, "max_results": 200}, 3)
    return taken, [run["info"]["run_name"] for run in page["runs"]]


def frames(folder: Path, *, quick: bool) -> list[Figure]:
    """`search_runs` of 10,000 runs to pandas, straight from the database and through a server."""
    count = 2000 if quick else FRAME
    ours, theirs = folder / "treering", folder / "mlflow"
    for one in (ours, theirs):
        one.mkdir(parents=True)
    fill_treering(f"sqlite:///{ours / 'bench.db'}", count)
    fill_mlflow(f"sqlite:///{theirs / 'bench.db'}", count, theirs)
    mine = _frame(TREERING, f"sqlite:///{ours / 'bench.db'}", count, 5)
    others = _frame(MLFLOW, f"sqlite:///{theirs / 'bench.db'}", count, 2)
    what = f"search_runs of {count:,} runs to pandas"
    found = [Figure("frames", f"{what}, local", "s", mine["median"], others["median"])]
    found.append(Figure("frames", f"{what}, local, the first time", "s", mine["first"], others["first"]))
    _same(mine, others)
    with serving(TREERING, ours) as server:
        mine = _frame(TREERING, f"http://127.0.0.1:{server.port}", count, 5)
    with serving(MLFLOW, theirs) as server:
        others = _frame(MLFLOW, f"http://127.0.0.1:{server.port}", count, 2)
    _same(mine, others)
    found.append(Figure("frames", f"{what}, through a server", "s", mine["median"], others["median"]))
    found.append(Figure("frames", f"{what}, through a server, the first time", "s", mine["first"], others["first"]))
    return found


def _same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    if any(ours[name] != theirs[name] for name in ("rows", "columns", "sum")):
        msg = f"The two frames are not the same: {ours} and {theirs}"
        raise RuntimeError(msg)


def _frame(side: Side, uri: str, count: int, repeats: int) -> dict[str, Any]:
    command = [side.python, str(WORKLOAD), side.module, uri, str(count), str(repeats)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        msg = f"{side.name}: {done.stderr[-3000:]}"
        raise RuntimeError(msg)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _figures(where: str, count: int, ours: dict[str, Any], theirs: dict[str, Any]) -> list[Figure]:
    if ours["names"] != theirs["names"]:
        msg = "The two sides found different runs: the comparison is worth nothing."
        raise RuntimeError(msg)
    what = f"search over {count:,} runs on {where}"
    rows = [
        ("first page of 100", "first 100", "first 100"),
        ("first page of 1,000", "first 1000", "first 1000"),
        ("last page of up to 1,000", "last", "last"),
        ("first page of 100, native API", "native", "first 100"),
        ("no filter, first page of 100", "all", "all"),
    ]
    return [Figure("search", f"{what}, {name}", "ms", ours[mine] * 1000, theirs[other] * 1000) for name, mine, other in rows]  # fmt: skip


def _measured(server: Server, side: Side, *, quick: bool) -> dict[str, Any]:
    """Median seconds by question, and the names of the runs that the first pages show."""
    repeats = 5 if quick else 20
    found: dict[str, Any] = {"names": {}}
    with Wire(server.port) as wire:
        question: dict[str, Any] = {"experiment_ids": ["0"], "filter": FILTER, "order_by": ORDER}
        if side is TREERING:
            warm(wire, question)
        for size in (100, 1000):
            taken, page = _asked(wire, {**question, "max_results": size}, repeats)
            found[f"first {size}"] = taken
            found["names"][size] = [run["info"]["run_name"] for run in page["runs"]]
        # The way to the last page is walked once.
        last: dict[str, Any] = {**question, "max_results": 1000}
        while token := page.get("next_page_token"):
            last["page_token"] = token
            page = json.loads(wire.post_bytes("runs/search", json.dumps(last).encode())[1])
        found["last"], page = _asked(wire, last, repeats)
        found["names"]["last"] = [run["info"]["run_name"] for run in page["runs"]]
        found["all"], _ = _asked(wire, {"experiment_ids": ["0"], "max_results": 100}, repeats)
        if side is TREERING:
            body = json.dumps({**question, "max_results": 100}).encode()
            taken = [wire.ask("/api/v1/runs/search", body)[0] for _ in range(repeats + 1)]
            found["native"] = median(taken[1:])
    return found


def warm(wire: Wire, question: dict[str, Any]) -> None:
    """Let the columns be built, as they are for whoever searches twice."""
    body = json.dumps({**question, "max_results": 1}).encode()
    best = min(wire.post_bytes("runs/search", body)[0] for _ in range(3))
    for _ in range(600):
        if wire.post_bytes("runs/search", body)[0] < best / 4:
            return
    print("The columns were not built in time; the database answers.", file=sys.stderr)


def _asked(wire: Wire, question: dict[str, Any], repeats: int) -> tuple[float, dict[str, Any]]:
    body = json.dumps(question).encode()
    answers = [wire.post_bytes("runs/search", body) for _ in range(repeats + 1)]
    return median(seconds for seconds, _ in answers[1:]), json.loads(answers[-1][1])


def _install_driver() -> None:
    if not (DRIVER / "psycopg2").is_dir():
        # The Makefile keeps one here where the machine has none.
        uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
        pip = [uv, "pip", "install", "--quiet", "--python", MLFLOW.python, "--target", str(DRIVER), "psycopg2-binary"]
        subprocess.run(pip, check=True, capture_output=True)
