"""What DVC's users wait for, beside DVC: start-up, ten thousand files, one large file, a pipeline, experiments, a million files."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from data_sides import BOTH, OURS, Taken, Tool, commit, environment, new_repository, rows, turns
from figures import Figure
from sides import DVC, install_peer

__all__ = ["commands", "experiments", "gigabyte", "million", "pipeline", "ten_thousand"]

_FILES, _FOLDERS, _SIZE = 10_000, 100, 1024
_STAGES = 20
_GIB = 1 << 30


def commands(folder: Path, *, quick: bool) -> list[Figure]:
    """What does nearly nothing: `root`, `--help`, the status of an empty repository."""
    pair = _pair(folder)
    repeats = 5 if quick else 15
    return [
        figure
        for words in (["root"], ["--help"], ["status"])
        for figure in rows("data", f"dvc {' '.join(words)}, empty repository", turns(pair, repeats, *words), 0.12)
    ]


def ten_thousand(folder: Path, *, quick: bool) -> list[Figure]:
    """10,000 files of 1 KiB in 100 folders: added, looked at, taken away and brought back."""
    repeats = 1 if quick else 5
    pair = _pair(folder)
    for _, repository in pair:
        _fill(repository / "data", _FILES)
        (repository.parent / f"{repository.name}-remote").mkdir()
    for tool, repository in pair:
        tool.run(repository, "remote", "add", "-q", "-d", "local", f"../{repository.name}-remote")
        os.sync()

    def unknown(repository: Path) -> None:
        shutil.rmtree(repository / ".dvc" / "cache", ignore_errors=True)
        shutil.rmtree(repository / ".dvc" / "tmp", ignore_errors=True)
        shutil.rmtree(repository.parent / f".{repository.name}", ignore_errors=True)
        (repository / "data.dvc").unlink(missing_ok=True)

    def gone(repository: Path) -> None:
        shutil.rmtree(repository / "data")

    def unsent(repository: Path) -> None:
        remote = repository.parent / f"{repository.name}-remote"
        shutil.rmtree(remote)
        remote.mkdir()

    def lost(repository: Path) -> None:
        gone(repository)
        shutil.rmtree(repository / ".dvc" / "cache")

    what = f"{_FILES:,} files"
    found = rows("data", f"first add of {what}", turns(pair, repeats, "add", "-q", "data", between=unknown), 1.0)
    for _, repository in pair:
        commit(repository)
    found += rows("data", f"add again, {what}", turns(pair, repeats, "add", "-q", "data"))
    found += rows("data", f"clean status of {what}", turns(pair, repeats, "status", "-q"), 0.2)
    found += rows("data", f"checkout of {what}", turns(pair, repeats, "checkout", "-q", between=gone), 0.8)
    found += rows("data", f"push of {what} to a folder", turns(pair, repeats, "push", "-q", between=unsent), 0.8)
    found += rows("data", f"pull of {what} from a folder", turns(pair, repeats, "pull", "-q", between=lost), 1.2)
    return found


def gigabyte(folder: Path, *, quick: bool) -> list[Figure]:
    """One file of 1 GiB, beside DVC and beside reading it once for its MD5."""
    size = _GIB // 8 if quick else _GIB
    pair = _pair(folder)
    for _, repository in pair:
        _large(repository / "big.bin", size)

    def unknown(repository: Path) -> None:
        shutil.rmtree(repository / ".dvc" / "cache", ignore_errors=True)
        shutil.rmtree(repository / ".dvc" / "tmp", ignore_errors=True)
        shutil.rmtree(repository.parent / f".{repository.name}", ignore_errors=True)
        (repository / "big.bin.dvc").unlink(missing_ok=True)
        os.sync()

    name = f"{size / _GIB:g} GiB"
    taken = turns(pair, 1 if quick else 3, "add", "-q", "big.bin", between=unknown)
    summing = Tool("md5sum", ("md5sum",)).run(pair[0][1], "big.bin")
    return [
        *rows("data", f"add of {name} in one file", taken),
        Figure("data", f"reading {name} once for its MD5 (md5sum)", "s", summing.wall, None, peer="DVC"),
        *rows("data", f"clean status of {name}", turns(pair, 3, "status", "-q")),
    ]


def pipeline(folder: Path, *, quick: bool) -> list[Figure]:
    """A chain of 20 stages that copy: nothing to do, and everything to do."""
    pair = _pair(folder)
    for _, repository in pair:
        (repository / "0.txt").write_text("zero\n", "utf-8")
        stages = "".join(
            f"  s{at}:\n    cmd: cp {at}.txt {at + 1}.txt\n    deps:\n    - {at}.txt\n    outs:\n    - {at + 1}.txt\n"
            for at in range(_STAGES)
        )
        (repository / "dvc.yaml").write_text(f"stages:\n{stages}", "utf-8")
    for tool, repository in pair:
        tool.run(repository, "repro", "-q")

    def changed(repository: Path) -> None:
        (repository / "0.txt").write_text(f"{random.random()}\n", "utf-8")

    return [
        *rows("data", f"repro of {_STAGES} stages, nothing to do", turns(pair, 3 if quick else 9, "repro", "-q"), 0.15),
        *rows(
            "data",
            f"repro of {_STAGES} stages, all to run",
            turns(pair, 1 if quick else 3, "repro", "-q", between=changed),
        ),
    ]


def experiments(folder: Path, *, quick: bool) -> list[Figure]:
    """A table of experiments, and one experiment of one stage that takes no time."""
    pair = _pair(folder)
    for tool, repository in pair:
        (repository / "params.yaml").write_text("a: 1\n", "utf-8")
        (repository / "train.py").write_text("print('{\"score\": 1}', file=open('m.json', 'w'))\n", "utf-8")
        stage = (
            "stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py]\n    params: [a]\n"
            "    metrics:\n    - m.json:\n        cache: false\n"
        )
        (repository / "dvc.yaml").write_text(stage, "utf-8")
        tool.run(repository, "repro", "-q")
        commit(repository)
    count = iter(range(2, 1000))
    taken: list[list[Taken]] = [[], []]
    for _ in range(3 if quick else 8):
        value = next(count)
        for values, (tool, repository) in zip(taken, pair, strict=True):
            values.append(tool.run(repository, "exp", "run", "-q", "-S", f"a={value}"))
    return [
        *rows("data", "exp run of one stage", taken),
        *rows("data", "exp show", turns(pair, 3 if quick else 9, "exp", "show", "--json")),
    ]


def million(folder: Path, *, quick: bool) -> list[Figure]:
    """A tenth of a million files and a million: that time and memory grow no faster than their number. Treering alone."""
    found: list[Figure] = []
    for files in (10_000, 50_000) if quick else (100_000, 1_000_000):
        repository = new_repository(folder / str(files), OURS)
        _fill(repository / "data", files)
        OURS.run(repository, "config", "cache.type", "hardlink")
        steps = {"add": ("add", "-q", "data"), "status": ("status", "-q"), "checkout": ("checkout", "-q")}
        for name, words in steps.items():
            if name == "checkout":
                shutil.rmtree(repository / "data")
            one = OURS.run(repository, *words)
            found += [
                Figure("data", f"{name} of {files:,} files", "s", one.wall, None, peer="DVC"),
                Figure(
                    "data", f"{name} of {files:,} files, memory", "MB", one.memory / 1e6, None, limit=500, peer="DVC"
                ),
            ]
        shutil.rmtree(repository)
    return found


def _pair(folder: Path) -> list[tuple[Tool, Path]]:
    install_peer(DVC)
    return [(tool, new_repository(folder / tool.name.replace(" ", "-"), tool)) for tool in BOTH]


def _fill(folder: Path, files: int) -> None:
    """Random files, the same ones each time."""
    chance = random.Random(files)
    for name in _names(files):
        place = folder / name
        if name.endswith("/0"):
            place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(chance.randbytes(_SIZE))


def _names(files: int) -> Iterator[str]:
    each = max(1, files // max(_FOLDERS, files // 1000))
    for number in range(files):
        yield f"{number // each:05}/{number % each}"


def _large(path: Path, size: int) -> None:
    chance = random.Random(size)
    with path.open("wb") as file:
        for _ in range(size >> 20):
            file.write(chance.randbytes(1 << 20))
    subprocess.run(["sync", str(path)], check=False, env=environment(path.parent))
