"""C2: the same calls in two repositories, of DVC in one and of Treering in the other, end and print the same.

A step is a call, or what is done between calls:

    = status --json      the exit status and standard output are the same
    # data status        the same words are printed, in any order: DVC leaves that to chance
    ~ add nothing        the exit status is the same; what is printed may be worded otherwise
    write FILE TEXT      and: rm PATH, commit MESSAGE
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal

import pytest

from dvc_lab import Done, Lab, no_differences
from web import Silent, served

pytestmark = pytest.mark.peer

DATA = r"""
~ status
= status --json
~ data status
write b bee
write d/a one
write d/s/c two
~ add nothing
~ add -o x b d
~ add -r x b
~ add
~ add --nothing b
= add -q b d
= status
= status --json
= status -q
commit data
= diff
= diff --json
= diff HEAD~1
= diff HEAD~1 HEAD --md
write d/new three
write b changed
= status
= status --json
= status -q
# data status --granular
# data status --json --granular
= diff
= diff --json --show-hash
= diff --md --show-hash
~ diff nothing
~ checkout
= checkout -f
= checkout
= checkout --summary
rm d
rm b
= status
# data status
= checkout --summary
= commit
~ commit nothing
~ checkout nothing
~ status nothing
write b other
~ commit
= commit -f -q
= status
~ move nothing n
= move -q b bb
= remove bb.dvc
~ remove nothing
= unprotect d
~ unprotect nothing
~ nothing
~ data
~ root --nothing
= root
"""

CONFIG = r"""
~ remote default
= remote list
~ push
~ pull -r nothing
= remote add -d up ../up
~ remote add up ../up
= remote add other s3://bucket/path --local
= remote list
= remote default
~ remote default nothing
= remote modify up jobs 3
~ remote modify nothing jobs 3
~ remote modify up nothing 3
= remote rename other another --local
~ remote rename nothing x
~ remote remove nothing
= config core.remote
~ config nothing
= config no.such
= config core.nothing
= config -l --project
= config -l --show-origin --local
= config core.autostage true --local
= config core.autostage
= config core.autostage -u --local
~ config core.autostage -u --local
~ config
~ config nothing.at.all x
~ config -l core.remote
~ config core.remote --show-origin x
= cache dir
= cache dir ../elsewhere --local
= cache dir --local
= cache dir -u --local
= check-ignore d
write .dvcignore *.tmp
= check-ignore x.tmp
= check-ignore -d x.tmp
= check-ignore -d -n x.tmp y
~ check-ignore
~ check-ignore -n x
"""

TRANSFER = r"""
write b bee
write d/a one
write d/s/c two
= add -q b d
= remote add -q -d up ../up
# status -c
= push
= push
# status -c
# status -c --json
rm .dvc/cache
rm d
rm b
= status
# data status
~ checkout
= checkout --allow-missing
= fetch b
= fetch
= pull
= pull
rm b
= pull
~ pull nothing
~ push nothing
~ fetch nothing
rm ../up
rm .dvc/cache
rm b
= push
= fetch
~ pull
= pull --allow-missing
= status -c b.dvc
"""

PIPELINES = r"""
~ stage list
~ repro
= stage add -q -n one -o one.txt echo 1 > one.txt
~ stage add -n one -o one.txt echo 1
~ stage add -n bad/name -o x true
= stage add -q -n two -d one.txt -M m.json cp one.txt m.json
= stage list
= stage list --name-only
= stage list --all
= status
= status --json
= repro
= repro
= status
= repro one
~ repro nothing
~ freeze nothing
= freeze one
= unfreeze one
= dag --dot
= dag --mermaid
= dag --md
= dag --outs --dot
~ dag nothing
~ dag --outs --collapse-foreach-matrix
= metrics show
= metrics show --json
= metrics show --md
commit stages
write m.json {"a": 2.5, "b": {"c": 1}}
= metrics show
= metrics diff
# metrics diff --json
= metrics diff --md --all --no-path
write params.yaml lr: 1
= params diff
= params diff --json
~ params diff nothing
= plots templates
~ plots templates nothing
~ plots show
= checkout -f
= repro -f -s two
write dvc.yaml {"stages": {"bad": {"cmd": "exit 3"}}}
= repro
= repro -k
= repro --ignore-errors
write dvc.yaml {"stages": {"a": {"cmd": "echo a"}, "b": {"cmd": "echo b"}}}
= repro --dry
= status
write dvc.yaml {"nonsense": 1}
~ status
~ repro
~ stage list
"""

SOURCES = r"""
write b bee
write d/a one
write d/s/c two
= add -q b d
commit data
= list .
= list . -R
= list . --dvc-only
= ls . d
= ls . -T
= ls . -T -L 1
~ list nothing
~ list . nothing
= get . d -o got
= get . b -o deeper.txt
= import-url -q b imported
= update imported.dvc
~ update nothing.dvc
= list-url d
= list-url d -R
~ list-url nothing
# du . d/s
"""

EXPERIMENTS = r"""
~ exp show
~ exp list
= stage add -q -n train -M m.json -p lr cp params.yaml m.json
write params.yaml {"lr": 1}
= repro -q
commit base
= exp list
= exp list --name-only
= queue status
= exp show --json --hide-workspace --no-pager --rev nothing
~ exp apply nothing
~ exp branch nothing
~ exp remove nothing
~ exp remove
~ exp rename nothing other
~ exp diff nothing
~ exp push nothing
~ queue logs nothing
~ queue kill nothing
~ queue remove nothing
= exp diff
= exp diff --json
write params.yaml {"lr": 2}
= exp save -q -n mine
= exp list --name-only
= exp branch mine
= exp rename mine yours
= exp remove yours
= exp list
"""

SCENARIOS = {
    "data": DATA,
    "config": CONFIG,
    "transfer": TRANSFER,
    "pipelines": PIPELINES,
    "sources": SOURCES,
    "experiments": EXPERIMENTS,
}
# Where each repository lies is its own; so are commits, and how long ago something was.
_SIGNS = str.maketrans(",[]{}", "     ")
_OWN = re.compile(r"\b[0-9a-f]{7}\b(?= \[)")


@pytest.mark.parametrize("name", SCENARIOS)
def test_c2_calls_end_and_print_the_same(name: str, lab: Lab, twin: Lab) -> None:
    # DVC breaks long lines as on a terminal, where there is none.
    lab, twin = (one.with_variables(COLUMNS="500") for one in (lab, twin))
    different: dict[str, tuple[Done, Done]] = {}
    for number, line in enumerate(SCENARIOS[name].strip().splitlines()):
        sign, _, rest = line.partition(" ")
        if sign not in {"=", "#", "~"}:
            for one in (lab, twin):
                between(one, sign, rest)
            continue
        words = shlex.split(rest)
        expected, got = lab.dvc(*words, code=None), twin.ours(*words, code=None)
        texts = told(lab, expected), told(twin, got)
        if sign == "#":
            texts = words_of(texts[0]), words_of(texts[1])
        same = sign == "~" or texts[0] == texts[1]
        if expected.code != got.code or not same:
            different[f"{number}: {line}"] = (expected, got)
    no_differences(different)


def between(lab: Lab, word: str, rest: str) -> None:
    """What is done between calls."""
    if word == "write":
        name, _, text = rest.partition(" ")
        lab.write(name, f"{text}\n")
    elif word == "commit":
        lab.commit(rest)
    else:
        place = lab.root / rest
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()


def words_of(text: str) -> str:
    return " ".join(sorted(text.translate(_SIGNS).split()))


def told(lab: Lab, done: Done) -> str:
    return _OWN.sub("COMMIT", done.out.replace(str(lab.base), "BASE"))


def test_c2_a_closed_pipe_is_141(lab: Lab) -> None:
    for name in ("dvc", "ours"):
        process = lab.start(name, "completion", "-s", "bash")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 141
        assert process.stderr is not None
        process.stderr.close()


def test_c2_interrupted_is_252(lab: Lab) -> None:
    with served(Silent) as (address, asked):
        for name in ("dvc", "ours"):
            process = lab.start(name, "get-url", f"{address}/file")
            assert asked.get(timeout=60) == "/file"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
            assert process.returncode == 252, err
            assert "interrupted by the user" in err
    assert not (lab.root / "file").exists()


def test_c2_outside_of_a_repository(lab: Lab) -> None:
    shutil.rmtree(lab.root / ".dvc")
    for call in ("root", "status", "push", "repro", "exp list", "data status", "commit", "gc -w", "dag", "add x"):
        codes = {tool(*call.split(), code=None).code for tool in (lab.dvc, lab.ours)}
        assert codes == {253}, call
    for call in ("remote list", "remote default", "remote add a b", "cache dir", "config -l", "config core.remote"):
        expected, got = (tool(*call.split(), code=None).code for tool in (lab.dvc, lab.ours))
        assert expected == got, call


def test_c2_a_damaged_config(lab: Lab) -> None:
    lab.write(".dvc/config", "[core]\n    nonsense = 1\n")
    for call in ("status", "push", "repro", "remote list", "config core.remote"):
        codes = {tool(*call.split(), code=None).code for tool in (lab.dvc, lab.ours)}
        assert len(codes) == 1, call
