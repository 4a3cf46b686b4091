"""Kills a command at every file that it opens for writing, moves or removes, and looks at what is left each time.

Run as a program: `python kill_points.py FOLDER SCENARIO KINDS STEP`, or `FOLDER pairs TIMES` for two at once. It loads everything once and forks for each moment,
so that hundreds of moments take seconds. What is wrong is printed, one line each.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from treering.cli.dvc.program import program
from treering.versioning.locks import repository_lock

ONE = {"d/a": "a", "d/s/b": "b" * 70_000, "d/s/c": "same", "f": "file"}
TWO = {"d/a": "other", "d/s/c": "same", "d/t/e": "e" * 70_000, "f": "another"}
PIPELINE = """\
stages:
  one:
    cmd: mkdir o && cp f o/x && echo 1 > o/y
    deps: [f]
    outs: [o]
  two:
    cmd: cp o/x m
    deps: [o]
    metrics: [m: {cache: false}]
"""
PIPELINE_MADE = {"o/x": "file", "o/y": "1\n", "m": "file"}
EVENTS = frozenset(
    ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate")
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Scenario:
    """What is killed.

    Attributes:
        command: As `treering dvc` has it.
        before: Makes the repository ready for it, in its folder.
        after: The files that are there when it was done, all of which have to be tracked then.
        again: What carries on; the same command, unless given.
        loses: Whether objects may go.
    """

    command: str
    before: Callable[[], None]
    after: Mapping[str, str]
    again: str = ""
    loses: bool = False


def dvc(command: str) -> int:
    """A command in a process of its own; its exit status, -9 for a killed one."""
    return forked(lambda: program(command.split()))


def forked(work: Callable[[], int]) -> int:
    """How a process ends that does this work alone."""
    return ended(begin(work, "../said"))


def begin(work: Callable[[], int], said: str) -> int:
    """A process that does this work and writes its errors to the file `said`."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 2)
            status = work()
        finally:
            os._exit(status)
    return pid


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at(moment: int, command: str) -> int:
    def work() -> int:
        left = moment

        def hook(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            if event in EVENTS or (event == "open" and isinstance(args[2], int) and args[2] & WRITES):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        return program(command.split())

    return forked(work)


def write(files: Mapping[str, str]) -> None:
    for top in ("d", "f"):
        shutil.rmtree(top, ignore_errors=True)
        Path(top).unlink(missing_ok=True)
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def done(command: str) -> None:
    status = dvc(command)
    assert status == 0, f"{command}: {status} {Path('../said').read_text()}"


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def begun(kinds: str) -> None:
    git("init", "--quiet", "--initial-branch=main")
    Path(".dvc").mkdir()
    Path(".dvc/config").write_text(
        f"[core]\n    remote = r\n[cache]\n    type = {kinds}\n['remote \"r\"']\n    url = ../../remote\n"
    )
    write(ONE)
    done("add d f")
    git("add", ".")
    git("commit", "--quiet", "--message", "one")


def tracked_one() -> None:
    pass


def changed() -> None:
    write(TWO)


def two_tracked() -> None:
    """The pointers say the second, the working tree has the first."""
    write(TWO)
    done("add d f")
    pointers = {name: Path(name).read_bytes() for name in ("d.dvc", "f.dvc")}
    git("checkout", "--quiet", ".")
    done("checkout")
    for name, text in pointers.items():
        Path(name).write_bytes(text)


def only_remote() -> None:
    done("push")
    shutil.rmtree(".dvc/cache")
    write({})


def unused() -> None:
    write(TWO)
    done("add d f")


def pipeline() -> None:
    Path("dvc.yaml").write_text(PIPELINE)


def experiment() -> None:
    Path("dvc.yaml").write_text(PIPELINE.replace("outs: [o]", "params: [k]\n    outs: [o]"))
    Path("params.yaml").write_text("k: 1\n")
    done("repro")
    git("add", ".")
    git("commit", "--quiet", "--message", "two")


SCENARIOS = {
    "add": Scenario("add d f", changed, TWO),
    "commit": Scenario("commit -f", changed, TWO),
    "checkout": Scenario("checkout", two_tracked, TWO),
    "push": Scenario("push", tracked_one, ONE),
    "pull": Scenario("pull", only_remote, ONE),
    "gc": Scenario("gc -w -f", unused, TWO, loses=True),
    "remove": Scenario("remove f.dvc d.dvc", tracked_one, ONE, again="add d f"),
    "repro": Scenario("repro", pipeline, ONE | PIPELINE_MADE),
    "exp": Scenario("exp run -S k=2", experiment, ONE | PIPELINE_MADE, again="exp run -S k=2"),
}


def objects(folder: Path) -> set[str]:
    return {path.parent.name + path.name for path in folder.glob("files/md5/??/*")}


def damaged(folder: Path) -> list[str]:
    """Objects that are relied on, and are not what their names say."""
    return [
        str(path)
        for path in folder.glob("files/md5/??/*")
        if stat.S_IMODE(path.stat().st_mode) == 0o444
        and hashlib.md5(path.read_bytes()).hexdigest() != path.parent.name + path.name.removesuffix(".dir")
    ]


def contents() -> dict[str, str]:
    """What lies in the working tree, without what belongs to Git and DVC, and what a writer that died left."""
    found = {}
    for folder, dirs, files in os.walk("."):
        dirs[:] = [name for name in dirs if name not in (".git", ".dvc")]
        for name in files:
            path = str(Path(folder, name))
            if not name.endswith((".dvc", ".part", ".lock", ".yaml", ".gitignore")):
                found[path] = Path(path).read_text()
    return found


def problems(one: Scenario, before: set[str]) -> list[str]:
    """What is wrong after a command was killed, and after the next one."""
    cache, remote = Path(".dvc/cache"), Path("../remote")
    wrong = [f"damaged: {name}" for place in (cache, remote) for name in damaged(place)]
    if not one.loses and not before <= objects(cache):
        wrong.append(f"lost: {sorted(before - objects(cache))}")
    if status := dvc(one.again or one.command):
        wrong.append(f"the next one ended with {status}: {Path('../said').read_text().strip()}")
    if contents() != one.after:
        wrong.append(f"in the working tree: {sorted(set(contents().items()) ^ set(one.after.items()))}"[:300])
    if dvc("status -q"):
        wrong.append("there are changes afterwards")
    wrong += [f"damaged afterwards: {name}" for place in (cache, remote) for name in damaged(place)]
    if one.command == "push" and objects(remote) != objects(cache):
        wrong.append("not all was pushed")
    done("checkout")
    wrong += [f"left over: {path}" for path in Path(".dvc/tmp/treering/stage").glob("*")]
    return wrong


def main(folder: Path, name: str, kinds: str, step: int) -> int:
    """Kill at each so-manieth moment until the command comes to its end; how much was wrong."""
    one = SCENARIOS[name]
    base = folder / "base" / "p"
    base.mkdir(parents=True)
    (base.parent / "remote").mkdir()
    os.chdir(base)
    begun(kinds)
    one.before()
    moment, bad = 1, 0
    while True:
        work = folder / str(moment)
        shutil.copytree(base.parent, work, symlinks=True, copy_function=shutil.copy2)
        os.chdir(work / "p")
        before = objects(Path(".dvc/cache"))
        status = killed_at(moment, one.command)
        if status != -signal.SIGKILL:
            assert status == 0, Path("../said").read_text()
            say("moments:", moment - 1)
            return bad
        for wrong in problems(one, before):
            bad += 1
            say(f"{name}, {kinds}, killed at {moment}: {wrong}")
        os.chdir(folder)
        shutil.rmtree(work)
        moment += step


PAIRS = [
    ("add d f", "add d f"),
    ("add d f", "gc -w -f"),
    ("add d f", "checkout -f"),
    ("add d f", "push"),
    ("push", "gc -w -f"),
    ("push", "push"),
    ("push", "pull"),
    ("pull -f", "gc -w -f"),
    ("pull -f", "pull -f"),
    ("checkout -f", "checkout -f"),
    ("repro", "repro"),
    ("repro", "add d"),
    ("repro", "gc -w -f"),
    ("repro", "checkout -f"),
    ("repro", "commit -f"),
    ("exp run -S k=2", "repro"),
    ("exp run -S k=2", "gc -w -f"),
]


def main_pairs(folder: Path, times: int) -> int:
    """Run each pair of commands at once; how much was wrong afterwards."""
    base = folder / "base" / "p"
    base.mkdir(parents=True)
    (base.parent / "remote").mkdir()
    os.chdir(base)
    begun("copy")
    experiment()
    bad = 0
    for number, pair in enumerate(PAIRS * times):
        work = folder / str(number)
        shutil.copytree(base.parent, work, symlinks=True)
        os.chdir(work / "p")
        prepare(pair)
        wrong = at_once(pair)
        bad += len(wrong)
        for text in wrong:
            say(f"{' beside '.join(pair)}: {text}")
        os.chdir(folder)
        shutil.rmtree(work)
    say("pairs:", len(PAIRS) * times)
    return bad


def prepare(pair: Sequence[str]) -> None:
    """Give both of them something to do."""
    words = " ".join(pair).split()
    if "add" in words or "commit" in words:
        write(TWO)
    if "repro" in words:
        Path("params.yaml").write_text("k: 3\n")
    if "pull" in words:
        done("push")
        shutil.rmtree(".dvc/cache")
        shutil.rmtree("d")


def at_once(pair: Sequence[str]) -> list[str]:
    """What is wrong after two commands ran at once."""
    processes = [begin(partial(program, one.split()), f"../said-{at}") for at, one in enumerate(pair)]
    statuses = [ended(pid) for pid in processes]
    wrong = [f"damaged: {name}" for place in (Path(".dvc/cache"), Path("../remote")) for name in damaged(place)]
    for at, status in enumerate(statuses):
        if status:
            wrong.append(f"{pair[at]} ended with {status}: {Path(f'../said-{at}').read_text().strip()}")
    afterwards = ("checkout --allow-missing -f", "repro", "status -q")
    return wrong + [
        f"{command} fails afterwards: {Path('../said').read_text().strip()}" for command in afterwards if dvc(command)
    ]


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # Loaded here, so that no child has to.
    repository_lock(Path(sys.argv[1], "unused"))
    if sys.argv[2] == "pairs":
        sys.exit(main_pairs(Path(sys.argv[1]), int(sys.argv[3])) > 0)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])) > 0)
