"""The web pages in a real Chromium: the first load, large tables, charts, and what the pages add to the wheel."""

from __future__ import annotations

import math
import random
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from browsing import Frames, Rows, Visit, browsing, visiting
from figures import Figure
from reading_history import fill_history
from searching import warm
from servers import Server, serving
from sides import MLFLOW, ROOT, TREERING, Side
from stores import fill_mlflow, fill_treering

from wire import Wire

__all__ = ["charts", "first_load", "sizes", "tables"]


@dataclass(frozen=True)
class Screens:
    """Where the pages of a side are, and how their parts are found. Only this table knows the pages.

    Attributes:
        runs: Address of an experiment's runs, as they are shown first.
        charts: Address of an experiment's charts.
        run: Address of a run, as it is shown first.
        run_charts: Address of a run's charts.
        tab: Selector, on `run`, of what leads to its charts.
        menu: What is to be clicked before `header`; "" for nothing.
        header: Selector of what sorts the runs by a metric.
        sorts: The metrics that are sorted by, one after the other; a repeated one turns around.
        field: Selector of the filter.
        erased: Selector, on `charts`, of what draws a run that is not drawn; "" if all are.
        drawn: JavaScript: whether a chart with a line is there, on a canvas of many points.
        points: Part of the addresses that points are fetched from.
    """

    rows: Rows
    runs: str
    charts: str
    run: str
    run_charts: str
    tab: str
    menu: str
    header: str
    sorts: Sequence[str]
    field: str
    erased: str
    drawn: str
    points: str


OURS = Screens(
    rows=Rows(".runs-body [data-row]", "data-row", "a[href^='/runs/']"),
    runs="/experiments/{experiment}",
    charts="/experiments/{experiment}",
    run="/runs/{run}",
    run_charts="/runs/{run}?tab=charts",
    tab="a[href*='tab=charts']",
    menu="",
    header="[role=columnheader]:has-text('{key}') button",
    sorts=("m0", "m0", "m1", "m1"),
    field="[aria-label='Filter runs']",
    erased="[role=checkbox][aria-checked=false][aria-label^='Draw ']",
    drawn="__bench.drawn",
    points="/metrics/",
)
THEIRS = Screens(
    rows=Rows(".ag-row", "row-index", "a[href*='/runs/']"),
    runs="/#/experiments/{experiment}/runs",
    charts="/#/experiments/{experiment}/runs?compareRunsMode=CHART",
    run="/#/experiments/{experiment}/runs/{run}",
    run_charts="/#/experiments/{experiment}/runs/{run}/model-metrics",
    tab="[role=tab]:has-text('Model metrics')",
    menu="[data-testid=sort-select-dropdown]",
    header="[data-testid='sort-select-{key}']",
    sorts=("m0", "m1", "m2", "m3"),
    field="[data-testid=search-box]",
    erased="",
    drawn="[...document.querySelectorAll('.js-line')].some((line) => line.getAttribute('d')?.length > 9)",
    points="/metrics/get-history",
)
FILTERS = ("metrics.m0 > 0.5", "params.p0 = 'v1'", "metrics.m1 < 0.25", "params.p1 = 'v2' and metrics.m2 > 0.5")
DRAWN, METRICS, POINTS = 10, 5, 1000
JUMPS = (0.61, 0.13, 0.87, 0.34, 0.72)
# After that long without rows a page is given up.
JUMP_PATIENCE = 10.0
BUILD = ROOT / "src/treering/server/static"


@dataclass(frozen=True)
class Site:
    """A running server of one side."""

    screens: Screens
    server: Server

    def address(self, path: str, experiment: str = "0", run: str = "") -> str:
        return f"http://127.0.0.1:{self.server.port}{path.format(experiment=experiment, run=run)}"


def first_load(folder: Path, *, quick: bool) -> list[Figure]:
    """An experiment with 5,000 runs, opened in a fresh profile; 500 in a quick run."""
    count = 500 if quick else 5000
    with _built(), browsing() as browser, _sites(folder, count) as (ours, theirs):
        return _first_loads(browser, ours, theirs, count, 3 if quick else 5)


def tables(folder: Path, *, quick: bool, runs: int = 100_000) -> list[Figure]:
    """The table of Treering holds `runs`, that of MLflow 5,000; a quick run has 5,000 and 500."""
    few = 500 if quick else 5000
    many = min(runs, 5000) if quick else runs
    with _built(), browsing() as browser:
        with _ours(folder / "treering", many) as site:
            mine = _table(browser, site, jumps=True)
        with _theirs(folder / "mlflow", few) as site:
            return _table_figures(many, few, mine, _table(browser, site, jumps=False), _plain(browser))


def charts(folder: Path, *, quick: bool) -> list[Figure]:
    """Ten runs with five curves each, and a series of a million points; a tenth of that in a quick run."""
    with _built(), browsing() as browser:
        return _charts(browser, folder, 100_000 if quick else 1_000_000, 3 if quick else 5)


# The first load.


def _first_loads(browser: Any, ours: Site, theirs: Site, count: int, repeats: int) -> list[Figure]:
    taken: dict[Site, list[dict[str, float]]] = {ours: [], theirs: []}
    for turn in range(repeats + 1):
        for site, visits in taken.items():
            first = _first_load(browser, site)
            if turn:
                # Before that, the servers had not answered anybody yet.
                visits.append(first)
    mine, others = ({name: median(one[name] for one in visits) for name in visits[0]} for visits in taken.values())
    what = f"first load of an experiment with {count:,} runs"
    rows: list[tuple[str, str, str, float, float | None]] = [
        ("requests", "requests", "", 12, None),
        ("bytes", "transferred", "kB", 350 * 1.024, None),
        ("paint", "first contentful paint", "ms", 1500, None),
        ("rows", "first rows", "ms", 1500, 4),
    ]
    return [
        Figure("pages", f"{what}, {text}", unit, mine[name], others[name], limit=limit, times=times)
        for name, text, unit, limit, times in rows
    ]


def _first_load(browser: Any, site: Site) -> dict[str, float]:
    with visiting(browser, site.address(site.screens.runs), site.screens.rows) as visit:
        rows = visit.need("__bench.count() > 3")
        visit.quiet()
        return {
            "requests": visit.traffic.requests,
            "bytes": visit.traffic.bytes_of() / 1000,
            "paint": visit.number("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
            "rows": rows,
        }


# A large table.


@dataclass(frozen=True)
class Table:
    """What was measured in a table of runs; milliseconds. `jump` is None where it was not tried."""

    wheel: Frames
    drag: Frames | None
    jump: float | None
    sort: float
    filter: float


def _table(browser: Any, site: Site, *, jumps: bool) -> Table:
    screens = site.screens
    if site.screens is OURS:
        with Wire(site.server.port) as wire:
            warm(wire, {"experiment_ids": ["0"], "filter": FILTERS[0], "order_by": ["metrics.m0 DESC"]})
    with visiting(browser, site.address(screens.runs), screens.rows) as visit:
        visit.need("__bench.count() > 3")
        visit.quiet()
        sort = median(_sort(visit, screens, key) for key in screens.sorts)
        filters = median(_filter(visit, screens, text) for text in FILTERS)
    with visiting(browser, site.address(screens.runs), screens.rows) as visit:
        visit.need("__bench.count() > 3")
        visit.quiet()
        wheel = visit.frames(lambda: visit.wheel(20_000))
        drag = jump = None
        if jumps:
            # Nobody has been there yet, so that the rows have to be fetched.
            jump = median(_jump(visit, share) for share in JUMPS)
            drag = visit.frames(lambda: _wander(visit))
    return Table(wheel, drag, jump, sort, filters)


def _sort(visit: Visit, screens: Screens, key: str) -> float:
    if screens.menu:
        visit.page.locator(screens.menu).click()
    header = visit.page.locator(screens.header.format(key=key)).first
    return visit.reordered(header.click)


def _filter(visit: Visit, screens: Screens, text: str) -> float:
    field = visit.page.locator(screens.field).first
    field.fill(text)
    return visit.reordered(lambda: field.press("Enter"))


def _wander(visit: Visit) -> None:
    for share in JUMPS:
        visit.drag(share + 0.05)


def _jump(visit: Visit, share: float) -> float:
    visit.drag(share)
    left = visit.number("performance.now()")
    shown = visit.when("__bench.filled()", JUMP_PATIENCE)
    return JUMP_PATIENCE * 1000 if shown is None else shown - left


def _plain(browser: Any) -> Frames:
    """Of a page in which nothing happens but scrolling: no page of this machine has more."""
    with visiting(browser, "about:blank", Rows("[data-row]", "data-row", "a")) as visit:
        rows = "".join(f"<div data-row={row}>{row}</div>" for row in range(5000))
        visit.page.set_content(f"<div style='height: 800px; overflow: auto'>{rows}</div>")
        return visit.frames(lambda: visit.wheel(20_000))


def _table_figures(many: int, few: int, ours: Table, theirs: Table, plain: Frames) -> list[Figure]:
    what = f"table of {many:,} runs" + ("" if many == few else f" (MLflow's: {few:,})")
    fps = "frames/s"
    found = [
        Figure("pages", f"{what}, from the click on a metric to its order", "ms", ours.sort, theirs.sort, limit=300),
        Figure("pages", f"{what}, from Enter in the filter to the rows", "ms", ours.filter, theirs.filter, limit=300),
        Figure("pages", "a list of plain text, wheel", fps, plain.mean, None, more_is_better=True),
        Figure("pages", "a list of plain text, wheel, slowest 5 %", fps, plain.slow, None, more_is_better=True),
        Figure("pages", f"{what}, wheel", fps, ours.wheel.mean, theirs.wheel.mean, True, limit=50),
        Figure("pages", f"{what}, wheel, slowest 5 %", fps, ours.wheel.slow, theirs.wheel.slow, True, limit=50),
    ]
    if ours.drag is not None and ours.jump is not None:
        found += [
            Figure("pages", f"{what}, scroll bar dragged", fps, ours.drag.mean, None, True, limit=50),
            Figure("pages", f"{what}, scroll bar dragged, slowest 5 %", fps, ours.drag.slow, None, True, limit=50),
            Figure("pages", f"{what}, scroll bar let go until the rows are there", "ms", ours.jump, None, limit=300),
        ]
    return found


# Charts.


def _charts(browser: Any, folder: Path, count: int, repeats: int) -> list[Figure]:
    taken = []
    for side, screens in ((TREERING, OURS), (MLFLOW, THEIRS)):
        home = folder / side.module
        with serving(side, home) as server:
            site = Site(screens, server)
            experiment, run = _curves(server), _long_run(side, server, home, count)
            some = [_long_chart(browser, site, run) for _ in range(repeats + 1)][1:]
            taken.append({name: median(one[name] for one in some) for name in some[0]})
            taken[-1]["bytes"] = _payload(browser, site, experiment) / 1000
    mine, others = taken
    drawn, chart = f"points of {DRAWN} runs x {METRICS} metrics x {POINTS:,} steps", f"chart of {count:,} points"
    rows: list[tuple[str, str, str, float | None]] = [
        ("bytes", f"{drawn}, transferred", "kB", 102.4),
        ("load", f"{chart}, from an empty cache to the line", "ms", None),
        ("tab", f"{chart}, from the click on the run's charts to the line", "ms", 300),
        ("answer", f"{chart}, of that the server's answer", "ms", None),
        ("drawing", f"{chart}, from the answer to the line", "ms", 300),
    ]
    return [Figure("pages", text, unit, mine[name], others[name], limit=limit) for name, text, unit, limit in rows]


def _curves(server: Server) -> str:
    """An experiment whose runs have noisy curves."""
    chance = random.Random(3)
    with Wire(server.port) as wire:
        experiment = str(wire.post("experiments/create", {"name": "curves"})["experiment_id"])
        for number in range(DRAWN):
            asked = {"experiment_id": experiment, "run_name": f"run {number}", "start_time": 1_700_000_000_000 + number}
            run = wire.post("runs/create", asked)["run"]["info"]["run_id"]
            for key in range(METRICS):
                points = [
                    {"key": f"m{key}", "value": value, "timestamp": 1_700_000_000_000 + 500 * step, "step": step}
                    for step, value in enumerate(_curve(chance))
                ]
                wire.post("runs/log-batch", {"run_id": run, "metrics": points})
    return experiment


def _curve(chance: random.Random) -> Iterator[float]:
    pace = chance.uniform(50, 300)
    return (math.exp(-step / pace) + chance.gauss(0, 0.02) for step in range(POINTS))


def _long_run(side: Side, server: Server, home: Path, count: int) -> str:
    with Wire(server.port) as wire:
        run = str(
            wire.post("runs/create", {"experiment_id": "0", "start_time": 1_700_000_000_000})["run"]["info"]["run_id"]
        )
    if side is TREERING:
        fill_history(server, run, count, home)
    else:
        program = Path(__file__).parent / "workloads" / "fill_history.py"
        subprocess.run([side.python, str(program), str(home / "bench.db"), run, "loss", str(count)], check=True)
    return run


def _payload(browser: Any, site: Site, experiment: str) -> float:
    """Bytes of all answers with points, for as many runs and metrics as are to be seen."""
    screens, address = site.screens, site.address(site.screens.charts, experiment)
    # High enough that no chart waits to be scrolled to.
    with visiting(browser, address, screens.rows, height=2400) as visit:
        visit.need(screens.drawn)
        visit.quiet()
        if screens.erased:
            while (left := visit.page.locator(screens.erased)).count():
                left.first.click()
            visit.quiet()
            address = visit.page.url
    # What was drawn stands in the address.
    with visiting(browser, address, screens.rows, height=2400) as visit:
        visit.need(screens.drawn)
        visit.quiet()
        if screens.erased and visit.page.locator(screens.erased).count():
            msg = f"{address} does not draw all {DRAWN} runs."
            raise RuntimeError(msg)
        return visit.traffic.bytes_of(screens.points)


def _long_chart(browser: Any, site: Site, run: str) -> dict[str, float]:
    screens = site.screens
    with visiting(browser, site.address(screens.run_charts, run=run), screens.rows) as visit:
        load = _line(visit, screens)
    with visiting(browser, site.address(screens.run, run=run), screens.rows) as visit:
        tab = visit.page.locator(screens.tab).first
        tab.wait_for()
        visit.quiet()
        visit.page.evaluate("() => (__bench.drawn = 0)")
        tab.click()
        drawn = _line(visit, screens)
        acted = visit.number("__bench.acted")
        # A page that has fetched the points before the click has to draw only.
        came, took = visit.page.evaluate(f"() => __bench.answer('{screens.points}', {acted}, {drawn}) ?? [{acted}, 0]")
        return {"load": load, "tab": drawn - acted, "answer": took, "drawing": drawn - came}


def _line(visit: Visit, screens: Screens) -> float:
    """When the line was there: where a canvas is drawn on, to the millisecond; else to the frame."""
    seen = visit.need(screens.drawn)
    return visit.number("__bench.drawn") or seen


# Sizes.


def sizes(folder: Path, *, quick: bool) -> list[Figure]:  # noqa: ARG001  # it is quick
    """The built pages in the wheels of both sides."""
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    command = [uv, "build", "--quiet", "--wheel", "--out-dir", str(folder / "wheel"), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    with zipfile.ZipFile(next((folder / "wheel").glob("*.whl"))) as wheel:
        static = [entry for entry in wheel.infolist() if entry.filename.startswith("treering/server/static/")]
    if not static:
        msg = "The wheel holds no web UI."
        raise RuntimeError(msg)
    program = "import mlflow.server, pathlib; print(pathlib.Path(mlflow.server.__file__).parent / 'js' / 'build')"
    said = subprocess.run([MLFLOW.python, "-c", program], check=True, capture_output=True, text=True).stdout
    ours, theirs = sum(entry.compress_size for entry in static), _packed(Path(said.strip()))
    return [Figure("pages", "what the pages add to the wheel", "MB", ours / 1e6, theirs / 1e6, limit=3)]


def _packed(folder: Path) -> int:
    """Bytes of a folder's files in a wheel."""
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
        return sum(entry.compress_size for entry in archive.infolist())


# Servers.


@contextmanager
def _built() -> Iterator[None]:
    if not (BUILD / "index.html").is_file():
        msg = "The web UI is not built. Run `make ui`."
        raise RuntimeError(msg)
    yield


@contextmanager
def _ours(folder: Path, count: int) -> Iterator[Site]:
    folder.mkdir(parents=True)
    fill_treering(f"sqlite:///{folder / 'bench.db'}", count)
    with serving(TREERING, folder) as server:
        yield Site(OURS, server)


@contextmanager
def _theirs(folder: Path, count: int) -> Iterator[Site]:
    folder.mkdir(parents=True)
    fill_mlflow(f"sqlite:///{folder / 'bench.db'}", count, folder)
    with serving(MLFLOW, folder) as server:
        yield Site(THEIRS, server)


@contextmanager
def _sites(folder: Path, count: int) -> Iterator[tuple[Site, Site]]:
    """Both sides at once, with the same runs."""
    with _ours(folder / "treering", count) as ours, _theirs(folder / "mlflow", count) as theirs:
        yield ours, theirs
