"""C3: whatever Treering writes, DVC accepts: random work, and then DVC's own schemas over every file."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from dvc_lab import Lab
from treering.versioning.documents import dump_yaml, parse_yaml

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


def annotate(lab: Lab, chance: random.Random) -> None:
    lab.ours("plots", "modify", f"s{chance.randrange(5)}.json", "-x", "step", "--title", "steps: é", code=None)
    name = f"d{chance.randrange(4)}"
    for pointer in lab.root.glob(f"{name}.dvc"):
        # What people may write there stays, whatever Treering does with the file afterwards.
        text = pointer.read_text()
        if "labels" not in text:
            pointer.write_text(f"{text}  desc: 'a: b'\n  labels: [x, y]\n  meta: {{z: null}}\nmeta: {{here: [1.0]}}\n")


def fetch_code(lab: Lab, chance: random.Random) -> None:
    lab.commit()
    lab.ours("import", "-q", "-f", str(lab.root), "code", "-o", f"code{chance.randrange(2)}", code=None)


def try_out(lab: Lab, chance: random.Random) -> None:
    lab.commit()
    lab.ours("exp", "run", "-q", "-f", "-S", f"a={chance.randrange(100)}", code=None)
    lab.ours("exp", "save", "-q", "-f", "-n", f"kept{chance.randrange(3)}", code=None)


def remove(lab: Lab, chance: random.Random) -> None:
    lab.ours("remove", "-q", chance.choice(["s1", "s2", "d1.bin.dvc", "outside.dvc"]), code=None)


STEPS: tuple[Step, ...] = (
    add,
    add,
    add_part,
    stage,
    stage,
    repro,
    freeze,
    configure,
    bring,
    move,
    commit,
    remove,
    annotate,
    fetch_code,
    try_out,
)


@pytest.mark.parametrize("seed", range(4))
def test_c3_dvc_accepts_every_file_that_treering_wrote(lab: Lab, seed: int) -> None:
    chance = random.Random(seed)
    lab.write("code/a.py", "print()\n")
    done = []
    for _ in range(25):
        step = chance.choice(STEPS)
        done.append(step.__name__)
        step(lab, chance)
    assert int(lab.python(CHECK).out) > 0, done
    for words in (("status", "--json"), ("data", "status", "--json")):
        assert lab.dvc(*words).json == lab.ours(*words).json, done
    assert lab.dvc("config", "-l").out == lab.ours("config", "-l").out, done
    # What experiments hold was written by Treering as well.
    for name in lab.ours("exp", "list", "--name-only").out.split():
        lab.git("checkout", "--quiet", "--force", name_of(lab, name))
        lab.python(CHECK)
        lab.dvc("status", "--json")


def name_of(lab: Lab, experiment: str) -> str:
    """The commit of an experiment."""
    (line,) = (line for line in lab.git("for-each-ref", "refs/exps").splitlines() if line.endswith(f"/{experiment}"))
    return line.split()[0]


WORDS = (
    *(
        "a",
        "B",
        "é",
        "😀",
        "0",
        "1",
        "9",
        "_",
        "-",
        ".",
        "..",
        " ",
        "  ",
        ":",
        ": ",
        " #",
        "#",
        "'",
        '"',
        ",",
        "@",
        "%",
        "`",
    ),
    *(
        "&",
        "*",
        "!",
        "|",
        ">",
        "?",
        "[",
        "]",
        "{",
        "}",
        "=",
        "~",
        "/",
        "\\",
        "+",
        "e",
        "yes",
        "null",
        "true",
        "0x",
        "0o7",
    ),
    *(
        "1e3",
        "2020-01-01",
        ".inf",
        ".nan",
        "word and word ",
        "x" * 30,
        "\t",
        "\n",
        "\x7f",
        "\u2028",
        "\ufeff",
        "<<",
        "---",
    ),
)
DUMPED = """\
import json
from dvc.utils.serialize import dumps_yaml, parse_yaml
given = json.loads(GIVEN)
print(json.dumps([[dumps_yaml(one), parse_yaml(text, "x") == one] for one, text in given]))
"""


def pointer_with(chance: random.Random) -> dict[str, object]:
    def text() -> str:
        return "".join(chance.choices(WORDS, k=chance.randrange(1, 9)))

    out: dict[str, object] = {
        "md5": f"{chance.randrange(16**32):032x}",
        "size": chance.randrange(10**12),
        "hash": "md5",
    }
    out |= {"path": text(), "desc": text(), "labels": [text(), text()]}
    # Of long keys, ruamel itself writes some that it cannot read.
    out["meta"] = {
        chance.choice(("k", "two words", "é", "1", "a: b", "#")): chance.choice(
            (text(), 1.5, 1e300, -3, True, None, [], {}, [[1, text()], {"k": text()}])
        )
    }
    return {"outs": [out]}


def test_c3_texts_are_quoted_and_folded_as_dvc_does_it(lab: Lab) -> None:
    chance = random.Random(3)
    documents = [pointer_with(chance) for _ in range(500)]
    given = json.dumps([[one, dump_yaml(one).decode()] for one in documents])
    (lab.base / "given.json").write_text(given)
    done = lab.python(f"GIVEN = open({str(lab.base / 'given.json')!r}).read()\n{DUMPED}").json
    for document, (text, read_back) in zip(documents, done, strict=True):
        assert dump_yaml(document).decode() == text
        assert parse_yaml(text, "x") == document
        assert read_back
