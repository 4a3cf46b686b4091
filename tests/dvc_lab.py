"""Real DVC and Treering beside each other on one repository, both apart from this machine's and this user's config."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from peers import DVC, ROOT, ready

# The first of January 2026, in seconds since the epoch.
_FIRST_COMMIT = 1767225600

__all__ = ["Done", "Lab", "files_in", "laboratory", "no_differences", "oid_path"]


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    command: str
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """All that it printed."""
        return self.out + self.err


@dataclass(frozen=True)
class Lab:
    """A working tree, and the tools that work in it.

    Attributes:
        root: The working tree.
        environ: What every tool gets.
        base: A folder of its own, in which the working tree and everything else lies.
    """

    root: Path
    environ: Mapping[str, str]
    base: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def dvc(self, *arguments: str, code: int | None = 0, folder: str = ".") -> Done:
        """Real DVC.

        Args:
            arguments: As on the command line.
            code: What it has to end with; None: anything.
            folder: Where, relative to the working tree.
        """
        status, out, err = _server().run(arguments, self.root / folder, {**self.environ, **self.variables})
        return _checked(Done(" ".join(("dvc", *arguments)), status, out, err), code)

    def ours(self, *arguments: str, code: int | None = 0, folder: str = ".") -> Done:
        """`treering dvc`; as `dvc`."""
        return self._run([sys.executable, "-m", "treering", "dvc", *arguments], code, folder)

    def treering(self, *arguments: str, code: int | None = 0, folder: str = ".") -> Done:
        """`treering` itself; as `dvc`."""
        return self._run([sys.executable, "-m", "treering", *arguments], code, folder)

    def tool(self, name: str) -> Tool:
        """One of the two, by name: `dvc` or `ours`."""
        return Tool(self, name)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Begin a command of one of the two, in a process group of its own, and do not wait for it."""
        command = [str(DVC.python), "-m", "dvc"] if name == "dvc" else [sys.executable, "-m", "treering", "dvc"]
        return subprocess.Popen(
            [*command, *arguments], cwd=self.root, env={**self.environ, **self.variables},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def git(self, *arguments: str) -> str:
        """The real git; what it prints."""
        return self._run(["git", *arguments], 0, ".").out.strip()

    def python(self, program: str) -> Done:
        """A program that has the packages of real DVC."""
        return self._run([str(DVC.python), "-c", program], 0, ".")

    def commit(self, message: str = "Change") -> str:
        """Commit everything; the commit."""
        self.git("add", "--all")
        # An hour after the last one: commits of one second have no order that both tools see.
        hours = int(self.git("rev-list", "--count", "--all"))
        at = f"{_FIRST_COMMIT + 3600 * hours} +0000"
        dated = replace(self, variables={**self.variables, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at})
        dated.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def write(self, path: str, content: str | bytes) -> Path:
        """A file in the working tree."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def read(self, path: str) -> str:
        """What stands in a file."""
        return (self.root / path).read_text("utf-8")

    def clone(self, name: str) -> Lab:
        """A fresh clone, as a colleague gets it."""
        self.git("clone", "--quiet", str(self.root), str(self.base / name))
        return replace(self, root=self.base / name)

    def copy(self, name: str) -> Lab:
        """The same working tree once more, with everything in it."""
        shutil.copytree(self.root, self.base / name, symlinks=True)
        return replace(self, root=self.base / name)

    def copied_to(self, base: Path) -> Lab:
        """Everything once more in another folder, so that one cannot change the other."""
        shutil.copytree(self.base, base, symlinks=True, ignore=shutil.ignore_patterns("site"))
        environ = {key: value.replace(str(self.base), str(base)) for key, value in self.environ.items()}
        return replace(self, root=base / self.root.relative_to(self.base), environ=environ, base=base)

    def with_variables(self, **variables: str) -> Lab:
        """The same working tree, where tools get more variables."""
        return replace(self, variables={**self.variables, **variables})

    def with_bucket(self, address: str, *, versions: bool = False) -> Lab:
        """The same working tree with the remote `store` in a bucket of its own, and what both tools need to know.

        Args:
            address: Of the S3.
            versions: Whether the bucket keeps what is written over.
        """
        bucket = uuid.uuid4().hex
        self.dvc("remote", "add", "-f", "-d", "store", f"s3://{bucket}/store")
        self.dvc("remote", "modify", "store", "endpointurl", address)
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_DEFAULT_REGION": "us-east-1"}
        lab = self.with_variables(**keys, AWS_ENDPOINT_URL=address)
        lab.python(
            "from botocore.session import get_session\n"
            "client = get_session().create_client('s3')\n"
            f"client.create_bucket(Bucket={bucket!r})\n"
            f"if {versions}:\n"
            f"    client.put_bucket_versioning(Bucket={bucket!r}, VersioningConfiguration={{'Status': 'Enabled'}})"
        )
        return lab

    def changes(self) -> str:
        """What Git sees that is not committed, as text with the differences."""
        return self.git("status", "--porcelain", "--untracked-files=all") + self.git("diff", "HEAD")

    def _run(self, command: Sequence[str], code: int | None, folder: str) -> Done:
        done = subprocess.run(
            command, cwd=self.root / folder, env={**self.environ, **self.variables},
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=300,
        )  # fmt: skip
        words = " ".join(command[2:] if command[1:2] == ["-m"] else command)
        return _checked(Done(words, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")), code)


def _checked(done: Done, code: int | None) -> Done:
    if code is not None:
        assert done.code == code, f"{done.command} ended with {done.code}:\n{done.told}"
    return done


class _Server:
    """Real DVC with its imports done; each command is a process of its own nevertheless."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        self._socket.settimeout(300)
        program = str(Path(__file__).parent / "dvc_server.py")
        with other:
            self._process = subprocess.Popen(
                [str(DVC.python), "-P", program, str(other.fileno())], pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            )  # fmt: skip
        atexit.register(self._end)

    def run(self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str]) -> tuple[int, str, str]:
        """A command: how it ended, and what it printed."""
        asked = {"arguments": arguments, "folder": str(folder), "environ": dict(environ)}
        body = json.dumps(asked).encode("utf-8")
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            socket.send_fds(self._socket, [len(body).to_bytes(4, "big")], [out.fileno(), err.fileno()])
            self._socket.sendall(body)
            answer = self._socket.recv(4)
            assert answer, f"The process that runs DVC is gone: {self._process.wait()}"
            status = int.from_bytes(answer, "big", signed=True)
            for stream in (out, err):
                stream.seek(0)
            return status, out.read().decode("utf-8"), err.read().decode("utf-8")

    def _end(self) -> None:
        self._socket.close()
        self._process.wait()


@functools.cache
def _server() -> _Server:
    return _Server()


@dataclass(frozen=True)
class Tool:
    """One of the two tools in a working tree."""

    lab: Lab
    name: str

    def __call__(self, *arguments: str, code: int | None = 0, folder: str = ".") -> Done:
        return (self.lab.dvc if self.name == "dvc" else self.lab.ours)(*arguments, code=code, folder=folder)


def laboratory(base: Path) -> Lab:
    """A new Git repository in a folder of its own, which DVC has not been initialised in.

    Real DVC is installed if it is not there yet.
    """
    ready(DVC)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(base / "home"),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        # Real DVC breaks lines at 80 columns; where depends on how long the name of a temporary folder is.
        "COLUMNS": "1000",
        "PYTHONPATH": str(ROOT / "src"),
        "DVC_NO_ANALYTICS": "1",
        "DVC_SYSTEM_CONFIG_DIR": str(base / "system"),
        "DVC_GLOBAL_CONFIG_DIR": str(base / "global"),
        "DVC_SITE_CACHE_DIR": str(base / "site"),
        "DO_NOT_TRACK": "1",
        "TREERING_HOME": str(base / "treering"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }
    for folder in ("home", "global", "system", "project"):
        (base / folder).mkdir(parents=True)
    # A look for a newer version of DVC would go out to the network.
    (base / "global" / "config").write_text("[core]\n    check_update = false\n    analytics = false\n")
    lab = Lab(base / "project", environ, base)
    lab.git("init", "--quiet", "--initial-branch=main")
    return lab


def files_in(folder: Path) -> dict[str, bytes]:
    """All files below a folder with what they hold, by path; those of Git and DVC left out."""
    return dict(_files(folder, ""))


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir()):
        if entry.name in {".git", ".dvc"}:
            continue
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_bytes()


def no_differences(found: Mapping[Any, tuple[Done, Done]]) -> None:
    """Fail if there are any, and say them: what was asked, and what DVC and Treering said."""
    told = [
        f"{what}\n  dvc {expected.code}: {_short(expected)}\n  ours {got.code}: {_short(got)}"
        for what, (expected, got) in found.items()
    ]
    assert not told, "They differ:\n" + "\n".join(told)


def _short(done: Done) -> str:
    text = done.told.strip()
    # Of a fault, what it was; of a wrong call, not the whole help.
    return text.splitlines()[-1][:300] if "Traceback" in text or text.startswith("usage:") else text[:500]


def oid_path(root: Path, md5: str) -> Path:
    """Where an object lies in a cache or a remote on this disk."""
    return root / "files" / "md5" / md5[:2] / md5[2:]
