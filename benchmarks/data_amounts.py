"""Much data, beside DVC: ten thousand files, one large file, a million files."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys
import time
from pathlib import Path

from data_sides import BOTH, OURS, Race, commit
from figures import Figure

__all__ = ["gigabyte", "million", "ten_thousand"]

_FILES, _IN_FOLDER, _SIZE = 10_000, 100, 1024
_GIB = 1 << 30
_STEPS = ("add", "status", "checkout")
# Data, cache and the data checked out, each file in a block of its own.
_BYTES_EACH = 3 * 5000


def ten_thousand(folder: Path, *, quick: bool) -> list[Figure]:
    """10,000 files of 1 KiB in 100 folders: added, looked at, taken away and brought back, each time in a new repository."""
    race = Race("data", folder, cold=True)
    what = f"{_FILES:,} files"
    for _ in range(1 if quick else 5):
        for repository in race.fresh():
            _fill(repository / "data", _FILES)
            (repository.parent / f"{repository.name}-remote").mkdir()
            url = f"../../{repository.name}-remote"
            with (repository / ".dvc" / "config").open("a", encoding="utf-8") as config:
                config.write(f"[core]\n    remote = local\n['remote \"local\"']\n    url = {url}\n")
        race.step(f"first add of {what}", "add", "-q", "data")
        for repository in race.repositories:
            commit(repository)
        race.step(f"add again, {what}", "add", "-q", "data", times=2)
        race.step(f"clean status of {what}", "status", "-q", times=3)
        race.step(f"data status of {what}", "data", "status", "-q", times=3)
        race.step(f"push of {what} to a folder", "push", "-q")
        race.step(f"push again, {what}", "push", "-q", times=2)
        race.put_away("data")
        race.step(f"checkout of {what}", "checkout", "-q")
        race.step(f"checkout again, {what}", "checkout", "-q", times=2)
        race.put_away("data", ".dvc/cache")
        race.step(f"pull of {what} from a folder", "pull", "-q")
    return race.rows(
        {
            f"first add of {what}": 1.0,
            f"clean status of {what}": 0.2,
            f"checkout of {what}": 0.8,
            f"push of {what} to a folder": 0.8,
            f"pull of {what} from a folder": 1.2,
        }
    )


def gigabyte(folder: Path, *, quick: bool) -> list[Figure]:
    """One file of 1 GiB: how long, and how many bytes are read for each of its; beside DVC, and beside one MD5 of it."""
    size = _GIB // 8 if quick else _GIB
    name = f"{size / _GIB:g} GiB"
    adding = f"add of {name} in one file"
    race = Race("data-gigabyte", folder, cold=True)
    for repository in race.fresh():
        _large(repository / "big.bin", size)
    for turn in range(1 if quick else 3):
        if turn:
            race.forget()
            race.put_away("big.bin.dvc")
        race.step(adding, "add", "-q", "big.bin")
    race.step(f"clean status of {name}", "status", "-q", times=3)
    began = time.perf_counter()
    with (race.repositories[0] / "big.bin").open("rb") as file:
        hashlib.file_digest(file, "md5")
    summing = time.perf_counter() - began
    ours, theirs = race.medians(adding, "read")
    passes = (
        []
        if not ours
        else [
            Figure(
                "data-gigabyte", f"{adding}, bytes read for each byte of it", "times", ours / size,
                None if theirs is None else theirs / size, limit=1.05, peer="DVC",
            )
        ]
    )  # fmt: skip
    return [
        *race.rows(),
        *passes,
        Figure("data-gigabyte", f"reading {name} once for its MD5", "s", summing, None, peer="DVC"),
    ]


def million(folder: Path, *, quick: bool) -> list[Figure]:
    """Ten times the files: time and memory grow no faster than their number. DVC does the smaller amount alone."""
    less, more = (10_000, 50_000) if quick else (100_000, 1_000_000)
    folder.mkdir(parents=True)
    if (free := shutil.disk_usage(folder).free) < (needed := _BYTES_EACH * (2 * less + more)):
        msg = f"{more:,} files need {needed / 1e9:.0f} GB in {folder.parent}, and there are {free / 1e9:.0f}."
        raise RuntimeError(msg)
    found: list[Figure] = []
    values: dict[tuple[str, int], tuple[float, float]] = {}
    for files, tools in ((less, BOTH), (more, (OURS,))):
        race = Race("data-million", folder / str(files), tools, cold=True)
        for repository in race.fresh():
            _fill(repository / "data", files)
        for step in _STEPS:
            if step == "checkout":
                race.put_away("data")
            what = f"{step} of {files:,} files"
            race.step(what, step, "-q", *(("data",) if step == "add" else ()))
            ours, theirs = race.medians(what, "memory")
            values[step, files] = race.medians(what, "wall")[0], ours
            found.append(
                Figure(
                    "data-million", f"{what}, memory", "MB", ours / 1e6,
                    None if theirs is None else theirs / 1e6, limit=500, peer="DVC",
                )
            )  # fmt: skip
        found += race.rows()
    for step in _STEPS:
        (small_time, small_memory), (large_time, large_memory) = values[step, less], values[step, more]
        for name, small, large in (("time", small_time, large_time), ("memory", small_memory, large_memory)):
            found.append(
                Figure(
                    "data-million", f"{step} of {more // less} times the files, {name}", "times", large / small,
                    None, limit=1.3 * more / less, peer="DVC",
                )
            )  # fmt: skip
    return found


def _fill(folder: Path, files: int) -> None:
    """Random files, the same ones each time, a hundred or a thousandth part of them in each folder."""
    chance = random.Random(files)
    each = max(_IN_FOLDER, files // 1000)
    for first in range(0, files, each):
        inner = folder / f"{first // each:05}"
        inner.mkdir(parents=True)
        for number in range(min(each, files - first)):
            (inner / str(number)).write_bytes(chance.randbytes(_SIZE))
    print(f"{files:,} files made in {folder.parent.name}", file=sys.stderr, flush=True)


def _large(path: Path, size: int) -> None:
    chance = random.Random(size)
    with path.open("wb") as file:
        for _ in range(size >> 20):
            file.write(chance.randbytes(1 << 20))
        file.flush()
        os.fsync(file.fileno())
