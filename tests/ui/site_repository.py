"""A repository as people have them: data, a pipeline, a history, experiments. Made with Git and Treering's own commands."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ui.site_pictures import png

__all__ = ["Repository", "made"]

SOURCES = Path(__file__).parent / "files" / "repository"
ABOUT_R = ("r", "dplyr", "ggplot", "frame", "vector", "factor", "tidy", "apply", "cran", "shiny")
OTHERS = ("python", "list", "class", "query", "table", "thread", "socket", "button", "server", "pointer")
PLAIN = ("how", "can", "i", "the", "a", "of", "is", "with", "for", "value", "error", "plot", "loop", "read", "file")
# Long ago enough that all commands come after it.
FIRST = 1_780_000_000
DAY = 86_400
HOUR = 3_600


@dataclass
class Repository:
    """A folder, and how commands are run in it."""

    root: Path
    environ: dict[str, str]
    commits: list[str] = field(default_factory=list)

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command; `treering` and `python` are those of the tests."""
        done = subprocess.run(command, cwd=self.root, env=self.environ, capture_output=True, text=True, check=False)
        if check and done.returncode:
            msg = f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
            raise RuntimeError(msg)
        return done.stdout

    def commit(self, message: str, author: str = "Ada Lovelace") -> str:
        """Commit everything, a day after the commit before; the id."""
        self.environ["GIT_AUTHOR_NAME"] = author
        self.commits.append("")
        self.date(0)
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)
        self.commits[-1] = self.run("git", "rev-parse", "HEAD").strip()
        return self.commits[-1]

    def date(self, hour: int) -> None:
        """Let commits be made a day for each commit, and some hours, after the first."""
        at = f"{FIRST + DAY * len(self.commits) + HOUR * hour} +0000"
        self.environ |= {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit a file."""
        file = self.root / path
        text = file.read_text()
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new))


def made(folder: Path, store: str = "") -> Repository:
    """A repository in `folder`/posts: three versions of its data, a pipeline that ran, five experiments, a change since.

    Args:
        store: The address of the tracking store that keeps the runs of the stages; none keeps none.
    """
    repository = Repository(folder / "posts", _environ(folder, store))
    repository.root.mkdir(parents=True)
    _begin(repository)
    _pipeline(repository, tracked=bool(store))
    _later(repository, tracked=bool(store))
    _experiments(repository)
    _change(repository)
    return repository


def _begin(repository: Repository) -> None:
    repository.run("git", "init", "--quiet", "--initial-branch=main")
    repository.run("treering", "data", "init")
    shutil.copy(SOURCES / "README.md", repository.root)
    repository.run("treering", "data", "remote", "add", "--default", "storage", str(repository.root.parent / "storage"))
    repository.commit("Begin")
    _posts(repository.root / "data" / "data.xml", 300)
    repository.run("treering", "data", "add", "data/data.xml")
    repository.replace(
        "data/data.xml.dvc", "  path: data.xml", "  path: data.xml\n  desc: Posts of a forum, with their tags"
    )
    repository.commit("Add the first posts")
    _pictures(repository.root / "data" / "screenshots", range(6))
    repository.run("treering", "data", "add", "data/screenshots")
    repository.commit("Add screenshots of posts", "Grace Hopper")


def _pipeline(repository: Repository, *, tracked: bool) -> None:
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(SOURCES / name, repository.root)
    shutil.copytree(SOURCES / "src", repository.root / "src", ignore=shutil.ignore_patterns("__pycache__"))
    repository.run("treering", "repro", "--jobs", "2", *(["--track"] if tracked else []))
    repository.commit("Learn which posts are about R")
    repository.run("git", "tag", "v1.0")


def _later(repository: Repository, *, tracked: bool) -> None:
    _posts(repository.root / "data" / "data.xml", 420)
    _pictures(repository.root / "data" / "screenshots", range(2, 9), shade=40)
    repository.run("treering", "data", "add", "data/data.xml", "data/screenshots")
    repository.run("treering", "repro", "--jobs", "2", *(["--track"] if tracked else []))
    repository.commit("Bring the posts of another year", "Grace Hopper")
    repository.run("git", "tag", "v1.1")
    repository.run("treering", "data", "push")


def _experiments(repository: Repository) -> None:
    tried = {
        "brisk-wren": ["train.lr=1.0"],
        "calm-hare": ["train.lr=2.0", "train.epochs=20"],
        "lucky-fox": ["featurize.max_features=30"],
        "quiet-owl": ["featurize.max_features=30", "train.lr=2.0", "train.epochs=30"],
        "swift-carp": ["prepare.split=0.3"],
    }
    repository.replace("README.md", "R?", "R? Other rates and more words may tell.")
    repository.commit("Try other rates and more words")
    for hour, (name, params) in enumerate(tried.items(), 1):
        settings = [part for param in params for part in ("-S", param)]
        repository.date(hour)
        repository.run("treering", "exp", "run", "--temp", "--name", name, *settings)
    repository.run("treering", "exp", "run", "--queue", "--name", "bold-lynx", "-S", "train.lr=4.0")


def _change(repository: Repository) -> None:
    """What somebody works on now: new posts, and another way to train."""
    _posts(repository.root / "data" / "data.xml", 450)
    repository.replace("params.yaml", "lr: 0.5", "lr: 0.8")
    screenshots = repository.root / "data" / "screenshots"
    (screenshots / "sorted" / "8.png").unlink()
    _picture(screenshots / "sorted" / "new.png", 7, 90)
    (screenshots / "labels.csv").write_text("picture,label\n2,r\n3,r\n4,other\n")


def _posts(path: Path, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = random.Random(11)
    rows = []
    for number in range(1, count + 1):
        is_r = chance.random() < 0.4
        own = ABOUT_R if is_r else OTHERS
        words = chance.choices(PLAIN, k=18) + chance.choices(own, k=4) + chance.choices(ABOUT_R + OTHERS, k=5)
        chance.shuffle(words)
        tags = f"{'r' if is_r else 'other'},{own[1]}"
        rows.append(f'  <row Id="{number}" Tags="{tags}" Body="{" ".join(words)}" />')
    path.write_text("\n".join(['<?xml version="1.0" encoding="utf-8"?>', "<posts>", *rows, "</posts>", ""]))


def _pictures(folder: Path, numbers: range, shade: int = 0) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    for number in numbers:
        _picture(folder / "sorted" / f"{number}.png", number, shade if number % 2 else 0)
    (folder / "labels.csv").write_text(
        "picture,label\n" + "".join(f"{number},{'r' if number % 2 else 'other'}\n" for number in numbers)
    )


def _picture(path: Path, number: int, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(96, 72, 40 + 24 * number, shade))


def _environ(folder: Path, store: str) -> dict[str, str]:
    variables = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder / "home"),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SYSTEM_CONFIG_DIR": str(folder / "system"),
        "DVC_GLOBAL_CONFIG_DIR": str(folder / "global"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for person in ("AUTHOR", "COMMITTER"):
        variables |= {f"GIT_{person}_NAME": "Ada Lovelace", f"GIT_{person}_EMAIL": "ada@example.com"}
    return variables | ({"TREERING_TRACKING_URI": store} if store else {})
