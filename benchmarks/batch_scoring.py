"""Predictions for many rows: `treering models predict` beside loops written by hand, one a core, and beside MLflow.

Run by itself, it measures that alone:

    python benchmarks/batch_scoring.py            1 million rows
    python benchmarks/batch_scoring.py --full     10 million rows

What is compared is wall time of whole processes, that of loading the model with it, and the
processor's time, which a busy machine changes less. With 10 million rows, also the memory of
all processes together, beside that which a tenth of the rows takes.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, table
from sides import MLFLOW, TREERING, Side, install_peer

__all__ = ["scoring"]

_WORKLOADS = Path(__file__).resolve().parent / "workloads"
_QUICK_ROWS = 1_000_000
_FULL_ROWS = 10_000_000
_LIMIT = 1.15
# Constant memory, but for what the allocator happens to keep.
_MEMORY_LIMIT = 1.15


@dataclass(frozen=True)
class Took:
    """What some processes that ran side by side needed together, in seconds."""

    wall: float
    processor: float


def scoring(folder: Path, *, quick: bool) -> list[Figure]:
    """Score the same Parquet file in each way, in turns."""
    count = _QUICK_ROWS if quick else _FULL_ROWS
    ours, theirs = _made(TREERING, folder / "treering", count), _made(MLFLOW, folder / "mlflow", 0)
    rows = ours / "rows.parquet"
    cores = len(os.sched_getaffinity(0))

    def loops(side: Side, module: str, model: Path, number: int) -> Took:
        return _together(
            [
                [
                    side.python,
                    str(_WORKLOADS / "bare_predict.py"),
                    module,
                    str(model),
                    str(rows),
                    str(folder / f"{module}-{place}.parquet"),
                    str(place),
                    str(number),
                ]
                for place in range(number)
            ]
        )

    def words(given: Path) -> list[str]:
        output = folder / "scored.parquet"
        return [TREERING.program, "models", "predict", "-m", str(ours / "model"), "-i", str(given), "-o", str(output)]

    def command() -> Took:
        return _together([words(rows)])

    ways: list[Callable[[], Took]] = [
        lambda: loops(TREERING, "sklearn", ours / "model", cores),
        command,
        lambda: loops(TREERING, "sklearn", ours / "model", 1),
        lambda: loops(MLFLOW, "mlflow", theirs / "model", 1),
    ]
    taken = _in_turns(ways, 2 if quick else 1, twice=2 if quick else 0)
    bare, batch, single, mlflow = taken
    figures = [
        Figure("scoring", f"{count:,} rows, beside {cores} bare loops, one a core", "s", batch.wall, bare.wall,
               limit=bare.wall * _LIMIT, peer="a bare loop"),
        Figure("scoring", "the same, processor", "s", batch.processor, bare.processor,
               limit=bare.processor * _LIMIT, peer="a bare loop"),
        Figure("scoring", f"the same, {cores} times the wall time beside one bare loop", "s", batch.wall * cores, single.wall,
               limit=single.wall * _LIMIT, peer="a bare loop"),
        Figure("scoring", f"{count:,} rows", "s", batch.wall, mlflow.wall),
        Figure("scoring", f"{count:,} rows, processor", "s", batch.processor, mlflow.processor),
    ]  # fmt: skip
    if not quick:
        few = _made(TREERING, folder / "fewer", _QUICK_ROWS) / "rows.parquet"
        less, more = (_most_memory(words(given)) / 1e6 for given in (few, rows))
        name = f"memory for {count:,} rows, beside {_QUICK_ROWS:,}"
        figures.append(
            Figure("scoring", name, "MB", more, less, limit=less * _MEMORY_LIMIT, peer="a tenth of the rows")
        )
    return figures


def _in_turns(ways: Sequence[Callable[[], Took]], repeats: int, *, twice: int) -> list[Took]:
    """The quickest of each; the first `twice` ways, whose ratio matters, are measured once more at the end."""
    taken: list[list[Took]] = [[] for _ in ways]
    for number in range(repeats + 1):
        for place, way in enumerate(ways if number < repeats else ways[:twice]):
            taken[place].append(way())
    return [min(some, key=lambda took: took.wall) for some in taken]


def _made(side: Side, folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    subprocess.run(
        [side.python, str(_WORKLOADS / "scored_model.py"), side.module, str(folder), str(count)],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    return folder


def _together(commands: Sequence[Sequence[str]]) -> Took:
    # As Treering's workers: a thread a process.
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    running = [
        subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands
    ]
    for process in running:
        _, words = process.communicate()
        if process.returncode:
            raise RuntimeError(words.decode())
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(wall, used)


def _most_memory(command: Sequence[str]) -> int:
    """The most bytes that the processes of `command` held together, looked at 20 times a second."""
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    most = 0
    while running.poll() is None:
        most = max(most, sum(_shares(running.pid)))
        time.sleep(0.05)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    return most


def _shares(session: int) -> Iterator[int]:
    """What each process of a session holds; what several share counts once in all."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) != session:
                continue
            lines = (process / "smaps_rollup").read_text().splitlines()
        except OSError:  # it ended meanwhile
            continue
        yield from (int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10 million rows instead of 1 million")
    parser.add_argument("--quick", action="store_true", help="1 million rows, which is the default")
    arguments = parser.parse_args()
    install_peer()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="treering-bench-") as folder:
        figures = scoring(Path(folder), quick=not arguments.full)
    print(f"load {before:.1f} before and {os.getloadavg()[0]:.1f} after", file=sys.stderr)
    for peer in dict.fromkeys(figure.peer for figure in figures):
        print(f"\n{table([figure for figure in figures if figure.peer == peer])}")


if __name__ == "__main__":
    main()
