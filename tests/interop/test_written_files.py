"""C3: whatever Treering writes, DVC accepts: random work, and then DVC's own schemas over every file."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from dvc_lab import Lab

pytestmark = pytest.mark.peer

# Raises where a file has something that DVC's schemas do not know.
CHECK = """\
import sys
from pathlib import Path
from dvc.config import Config
from dvc.schema import COMPILED_LOCKFILE_SCHEMA, COMPILED_MULTI_STAGE_SCHEMA, COMPILED_SINGLE_STAGE_SCHEMA
from dvc.utils.serialize import load_yaml
checked = 0
for file in Path(".").rglob("*"):
    schema = {".dvc": COMPILED_SINGLE_STAGE_SCHEMA, "dvc.yaml": COMPILED_MULTI_STAGE_SCHEMA, "dvc.lock": COMPILED_LOCKFILE_SCHEMA}
    found = schema.get(file.name) or schema.get(file.suffix)
    if found is not None and file.is_file():
        found(load_yaml(str(file)))
        checked += 1
Config(".dvc").validate(Config(".dvc", validate=False))
print(checked)
"""

Step = Callable[[Lab, random.Random], None]


def add(lab: Lab, chance: random.Random) -> None:
    name = f"d{chance.randrange(4)}"
    if chance.random() < 0.5:
        lab.write(f"{name}.bin", str(chance.random())).chmod(chance.choice([0o644, 0o755]))
        lab.ours("add", "-q", f"{name}.bin")
    else:
        lab.write(f"{name}/{chance.randrange(3)}/x", str(chance.random()))
        lab.ours("add", "-q", name, *chance.choice([[], ["--no-commit"], ["--no-relink"]]))


def add_part(lab: Lab, chance: random.Random) -> None:
    for pointer in lab.root.glob("d?.dvc"):
        lab.write(f"{pointer.stem}/part", str(chance.random()))
        lab.ours("add", "-q", f"{pointer.stem}/part")


def stage(lab: Lab, chance: random.Random) -> None:
    name = f"s{chance.randrange(5)}"
    lab.write("params.yaml", "a: 1\nb: {c: text}\n")
    flag = chance.choice(
        ["-o", "-O", "--outs-persist", "--outs-persist-no-cache", "-m", "-M", "--plots", "--plots-no-cache"]
    )
    more = chance.choice(
        [[], ["--desc", "a stage"], ["--always-changed"], ["-p", "a,b.c"], ["-d", "raw"], ["-p", "params.yaml:b"]]
    )
    lab.write("raw", str(chance.random()))
    lab.ours("stage", "add", "-q", "-f", "-n", name, flag, f"{name}.json", *more, f"echo '{{}}' > {name}.json")


def repro(lab: Lab, chance: random.Random) -> None:
    lab.ours("repro", "-q", *chance.choice([[], ["-f"], ["--no-commit"], ["--no-run-cache"]]), code=None)


def freeze(lab: Lab, chance: random.Random) -> None:
    lab.ours(chance.choice(["freeze", "unfreeze"]), f"s{chance.randrange(5)}", code=None)


def configure(lab: Lab, chance: random.Random) -> None:
    words = chance.choice(
        [
            ("remote", "add", "-f", "-d", "store", "../store"),
            ("remote", "add", "-f", f"r{chance.randrange(3)}", "s3://bucket/é"),
            ("config", "cache.type", "hardlink,copy"),
            ("config", "core.autostage", "true"),
            ("config", "-u", "core.autostage"),
            ("config", "core.wrong", "x"),
            ("remote", "modify", "store", "jobs", "many"),
            ("remote", "remove", "r1"),
        ]
    )
    lab.ours(*words, code=None)


def bring(lab: Lab, chance: random.Random) -> None:
    lab.write("../outside", str(chance.random()))
    lab.ours("import-url", "-q", "-f", *chance.choice([[], ["--no-download"]]), str(lab.base / "outside"), code=None)
    lab.ours("update", "-q", "outside.dvc", code=None)


def move(lab: Lab, chance: random.Random) -> None:
    lab.ours("move", f"d{chance.randrange(4)}.bin", f"moved{chance.randrange(3)}.bin", code=None)


def commit(lab: Lab, chance: random.Random) -> None:
    lab.write("raw", str(chance.random()))
    lab.ours("commit", "-q", "-f", code=None)
    lab.commit()


def remove(lab: Lab, chance: random.Random) -> None:
    lab.ours("remove", "-q", chance.choice(["s1", "s2", "d1.bin.dvc", "outside.dvc"]), code=None)


STEPS: tuple[Step, ...] = (add, add, add_part, stage, stage, repro, freeze, configure, bring, move, commit, remove)


@pytest.mark.parametrize("seed", range(4))
def test_c3_dvc_accepts_every_file_that_treering_wrote(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    done = []
    for _ in range(25):
        step = chance.choice(STEPS)
        done.append(step.__name__)
        step(lab, chance)
    assert int(lab.python(CHECK).out) > 0, done
    assert lab.dvc("status", "--json").json == lab.ours("status", "--json").json, done
