from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest

from treering.pipelines.lockfile import read_lock
from treering.pipelines.runcache import RunCache, run_key, run_value

STAGES: dict[str, Any] = dict(read_lock((Path(__file__).parent / "example.lock").read_bytes(), "dvc.lock").stages)

# Where DVC 3.67.1 put the runs of the example project.
DVCS = {
    "b3920437e9db8683b418ea37b000010ecd71db698efa2ff212b6867e0546b7f2": "8548b843fc319f6e1f190728dc06f076481e3faf5a4b7f7de732c4617576c8ec",
    "800ae02bd581c642a0e33044aafe6fe1a27068b247f6f2f73e2ed2875edc7f0f": "0c1b3a60c31a4649b5d79437db072988a0e943964b238d8847d3eb47d454d832",
    "0d49d0c8588a66cd5de83bd4095198bb4d2a35ca73155cabf26f8b0e8e4cd5dd": "65f86fae58720a160dafc21e2166dcf15cf695627ad82b3a47ab9bae9f8f7de1",
    "a74e82e3d4529206eb0256086cab49d3a505cb57349382bf8bb7316002d33f2e": "0a9421cb1e4768963da55bf2d8ac359bad04c07cece4c6a99d33a1cfcb4925f0",
}


def test_runs_have_the_names_that_dvc_gives_them() -> None:
    assert {run_key(entry): run_value(entry) for entry in STAGES.values()} == DVCS


def test_a_run_is_kept_where_dvc_looks_for_it_and_found_again(tmp_path: Path) -> None:
    runs = RunCache(tmp_path)
    entry = STAGES["train"]
    assert runs.find(run_key(entry)) is None
    assert runs.save(entry)
    assert not runs.save(entry)
    key = run_key(entry)
    assert (tmp_path / "runs" / key[:2] / key / DVCS[key]).is_file()
    assert runs.find(key) == entry
    assert runs.has(key, DVCS[key])


def test_sizes_do_not_count() -> None:
    entry = {"cmd": "x", "deps": [{"path": "d", "md5": "1" * 32, "size": 1}], "outs": [{"path": "o", "md5": "2" * 32}]}
    other = {
        "cmd": "x",
        "deps": [{"path": "d", "md5": "1" * 32}],
        "outs": [{"path": "o", "md5": "2" * 32, "nfiles": 3}],
    }
    assert run_value(entry) == run_value(other)


def test_the_newest_run_of_a_key_is_found(tmp_path: Path) -> None:
    runs = RunCache(tmp_path)
    made = [{"cmd": "x", "deps": [], "outs": [{"path": "o", "md5": digit * 32}]} for digit in "123"]
    for age, entry in zip((20, 10, 30), made, strict=True):
        runs.save(entry)
        os.utime(runs.path(run_key(entry), run_value(entry)), (10**9 - age, 10**9 - age))
    assert runs.find(run_key(made[0])) == made[1]


def test_a_damaged_run_is_passed_over_and_left(tmp_path: Path) -> None:
    runs = RunCache(tmp_path)
    entry = STAGES["train"]
    runs.save(entry)
    damaged = Path(runs.path(run_key(entry), "f" * 64))
    damaged.write_text("cmd: [")
    strange = Path(runs.path(run_key(entry), "e" * 64))
    strange.write_text("cmd: x\nother: 1\n")
    for path in (damaged, strange):
        os.utime(path, (2 * 10**9, 2 * 10**9))
    assert runs.find(run_key(entry)) == entry
    assert damaged.exists()


@pytest.mark.parametrize("value", [dt.date(2024, 1, 1), {1, 2}])
def test_a_run_that_has_no_json_is_not_kept(value: object, tmp_path: Path) -> None:
    entry = {"cmd": "x", "deps": [], "params": {"params.yaml": {"k": value}}, "outs": []}
    assert run_key(entry) == ""
    assert not RunCache(tmp_path).save(entry)
    assert not (tmp_path / "runs").exists()
