"""A Git repository, through the user's own `git`: revisions, references, what is tracked and ignored, and new objects.

No shell is involved, and nothing that a user named can be taken for an option. Errors
end with what git said. Reading many objects is the module git_objects' work.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from treering.core.errors import NotSupported
from treering.versioning.errors import GitFailed, UnknownRevision
from treering.versioning.git_objects import MISSING, Commit, Entry, Objects

__all__ = ["MISSING", "GitRepository", "lines_of"]

# Answers in one language, and no locks taken just to write down what was seen.
_OURS = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}
# Git sets these for its hooks; they would make it work in another repository, or on another index, than is meant.
_NOT_OURS = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
    }
)  # fmt: skip
# As many paths as fit on any system's command line.
_MANY = 400


@dataclass(frozen=True, eq=False)
class GitRepository:
    """A repository of Git, with or without a working tree. Threads may share it.

    Attributes:
        root: The root of the working tree, or the folder of one without.
        environ: The variables that git gets, beside a few of its own that are set or left out.
    """

    root: Path
    environ: Mapping[str, str]

    def run(
        self, *arguments: str, stdin: bytes | None = None, extra: Mapping[str, str] | None = None, strict: bool = True
    ) -> bytes:
        """What `git` prints.

        Args:
            arguments: What the user named stands behind `--` or `--end-of-options` in them.
            stdin: What it reads.
            extra: More variables.
            strict: False: what it printed counts, however it ended.

        Raises:
            GitFailed: If it does not end with 0, and `strict`.
        """
        done = self.call(*arguments, stdin=stdin, extra=extra)
        if strict and done.returncode:
            raise _failed(arguments, done.stderr)
        return done.stdout

    def call(
        self, *arguments: str, stdin: bytes | None = None, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """As `run`, with how it ended and what went to stderr.

        Raises:
            NotSupported: If git is not installed.
        """
        try:
            return subprocess.run(  # noqa: S603 - no shell
                ["git", *arguments],  # noqa: S607 - the user's git
                cwd=self.root,
                input=stdin,
                stdin=None if stdin is not None else subprocess.DEVNULL,
                capture_output=True,
                env={**self._environ, **(extra or {})},
                check=False,
            )
        except FileNotFoundError as error:
            raise _no_git(self.root) from error

    def text(
        self, *arguments: str, stdin: bytes | None = None, extra: Mapping[str, str] | None = None, strict: bool = True
    ) -> str:
        """As `run`, one text without the last line feed."""
        return os.fsdecode(self.run(*arguments, stdin=stdin, extra=extra, strict=strict)).rstrip("\n")

    @cached_property
    def git_dir(self) -> Path:
        """Git's own folder of this working tree; a linked one has its own."""
        return Path(self.text("rev-parse", "--absolute-git-dir"))

    @cached_property
    def common_dir(self) -> Path:
        """Git's own folder of the repository, which all its working trees share."""
        return self.root / self.text("rev-parse", "--git-common-dir")

    def path(self, name: str) -> Path:
        """A file of Git's own, such as `index` or `hooks`, wherever it is kept."""
        return self.root / self.text("rev-parse", "--git-path", name)

    # --- revisions

    @cached_property
    def reader(self) -> Objects:
        """The reader that the questions here share. Its process stays until `close`, or until this process ends."""
        return self.objects()

    def objects(self) -> Objects:
        """Another reader of objects; use it in a `with`."""
        return Objects(self._start_reader)

    def close(self) -> None:
        """End the shared reader's process. Everything goes on working; it is started again where it is needed."""
        if "reader" in self.__dict__:
            self.reader.close()

    def head(self) -> str:
        """The commit that is checked out.

        Raises:
            UnknownRevision: If there is none yet.
        """
        return self.resolve("HEAD")

    def branch(self) -> str:
        """The branch that is checked out; "" if none is."""
        return self.text("symbolic-ref", "--quiet", "--short", "HEAD", strict=False)

    @property
    def has_commits(self) -> bool:
        """Whether something was committed."""
        return self.reader.find_commit("HEAD") is not None

    def resolve(self, revision: str) -> str:
        """The full name of a commit.

        Raises:
            UnknownRevision: If there is no such commit.
        """
        return self.commit(revision).sha

    def commit(self, revision: str) -> Commit:
        """The commit that a revision names.

        Raises:
            UnknownRevision: If there is none.
        """
        found = self.reader.find_commit(revision)
        if found is None:
            msg = f"Git knows no commit, branch or tag {revision!r}. Look at `git log --all`."
            raise UnknownRevision(msg)
        return found

    def branches(self) -> dict[str, str]:
        """Local branches with their commits."""
        return self._short("refs/heads/")

    def tags(self) -> dict[str, str]:
        """Tags with their commits."""
        return self._short("refs/tags/")

    def _short(self, prefix: str) -> dict[str, str]:
        return {name[len(prefix) :]: sha for name, sha in self.refs(prefix).items()}

    def all_commits(self) -> list[str]:
        """Every commit of HEAD, branches, tags and remotes' branches, the newest first; experiments are not among them."""
        if not self.has_commits:
            return self.text("rev-list", "--branches", "--tags", "--remotes").split()
        return self.text("rev-list", "--branches", "--tags", "--remotes", "HEAD").split()

    def first_parents(self, revision: str, count: int) -> list[str]:
        """A commit and those before it on its own line.

        Args:
            revision: Where to begin.
            count: How many at most; below 1: all.

        Raises:
            UnknownRevision: If there is no such commit.
        """
        found, commit = [], self.commit(revision)
        while True:
            found.append(commit.sha)
            if len(found) == count or not commit.parents:
                return found
            commit = self.reader.commit(commit.parents[0])

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether one commit is another's ancestor, or the same."""
        return self.call("merge-base", "--is-ancestor", "--end-of-options", old, new).returncode == 0

    # --- references

    def refs(self, *prefixes: str) -> dict[str, str]:
        """References that begin with one of the prefixes, with the commits that they lead to, sorted by name."""
        listed = self.text("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", "--", *prefixes)
        found = {}
        for line in listed.splitlines():
            name, direct, peeled = line.split(" ")
            found[name] = peeled or direct
        return found

    def get_ref(self, ref: str) -> str:
        """What a reference with its whole name leads to; "" if there is none."""
        return self.refs(ref).get(ref, "")

    def set_ref(self, ref: str, new: str, *, old: str | None = None, message: str = "", reflog: bool = False) -> None:
        """Move a reference.

        Args:
            ref: Its whole name.
            new: Where to.
            old: Where it has to be; `MISSING`: it must not be there; None: no matter where.
            message: For its log.
            reflog: Whether it gets a log.

        Raises:
            GitFailed: If it is somewhere else.
        """
        options = [*(["--create-reflog"] if reflog else []), *(["-m", message] if message else [])]
        self.run("update-ref", *options, "--", ref, new, *([] if old is None else [old]))

    def update_refs(self, commands: Iterable[str]) -> None:
        """Several at once, all or none: lines as `git update-ref --stdin` reads them.

        Raises:
            GitFailed: If one is not where its line says.
        """
        text = "".join(f"{command}\n" for command in commands)
        if text:
            self.run("update-ref", "--stdin", stdin=os.fsencode(text))

    def delete_refs(self, refs: Iterable[str]) -> None:
        """Remove references; those that are not there are no mistake."""
        self.update_refs(f"delete {ref}" for ref in refs)

    # --- what is tracked, ignored and staged

    def tracked(self, paths: Iterable[str]) -> set[str]:
        """Those of the paths that Git tracks, or that are folders in which it tracks something.

        Args:
            paths: Absolute, or relative to the root; inside of it.
        """
        asked = {path: self._relative(path) for path in paths}
        listed: list[str] = []
        names = sorted(set(asked.values()))
        for start in range(0, len(names), _MANY):
            listed += lines_of(self.run("ls-files", "-z", "--", *names[start : start + _MANY]))
        there = set(listed)
        for path in listed:
            while "/" in path and (path := path.rpartition("/")[0]) not in there:
                there.add(path)
        if listed:
            there.add(".")
        return {path for path, name in asked.items() if name in there}

    def is_tracked(self, path: str) -> bool:
        """As `tracked`, for one."""
        return bool(self.tracked([path]))

    def ignored(self, paths: Iterable[str]) -> set[str]:
        """Those of the paths that Git ignores; what it tracks, it does not ignore. As `tracked`; they need not exist.

        Raises:
            GitFailed: If one lies outside, or behind a symbolic link.
        """
        asked = {path: self._relative(path) for path in paths}
        if not asked:
            return set()
        # The dot keeps a name that begins with a colon from being a pattern; this command cannot be told so.
        text = b"".join(os.fsencode(f"./{name}") + b"\0" for name in dict.fromkeys(asked.values()))
        done = self.call("check-ignore", "-z", "--stdin", stdin=text, extra={"GIT_LITERAL_PATHSPECS": ""})
        if done.returncode not in (0, 1):
            raise _failed(("check-ignore",), done.stderr)
        found = set(lines_of(done.stdout))
        return {path for path, name in asked.items() if f"./{name}" in found}

    def is_ignored(self, path: str) -> bool:
        """As `ignored`, for one."""
        return bool(self.ignored([path]))

    def add(self, paths: Iterable[str], *, force: bool = False) -> None:
        """Stage paths; those that are gone are staged as removed.

        Args:
            paths: As those of `tracked`.
            force: Whether ignored ones, too.

        Raises:
            GitFailed: If one is ignored, and not `force`.
        """
        text = b"".join(os.fsencode(self._relative(path)) + b"\0" for path in paths)
        if text:
            options = ["--force"] if force else []
            self.run("add", "--all", *options, "--pathspec-from-file=-", "--pathspec-file-nul", stdin=text)

    def staged(self) -> bool:
        """Whether something is staged that is not committed."""
        return self.call("diff", "--cached", "--quiet", "--ignore-submodules").returncode == 1

    def dirty(self) -> bool:
        """Whether a tracked file differs from what was committed, staged or not."""
        return bool(self.run("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty"))

    def untracked(self) -> list[str]:
        """Files that are neither tracked nor ignored, relative to the root."""
        return lines_of(self.run("ls-files", "-z", "--others", "--exclude-standard"))

    # --- new objects, without a touch to the working tree

    def store_blob(self, content: bytes) -> str:
        """Keep a content; its name."""
        return self.text("hash-object", "-w", "--stdin", stdin=content)

    def store_tree(self, entries: Mapping[str, Entry]) -> str:
        """Keep a folder of things that are there; its name."""
        lines = [
            b"%06o %s %s\t%s\0"
            % (entry.mode, b"tree" if entry.is_folder else b"blob", entry.sha.encode(), os.fsencode(name))
            for name, entry in entries.items()
        ]
        return self.text("mktree", "-z", stdin=b"".join(lines))

    def store_commit(
        self, tree: str, parents: Sequence[str], message: str, extra: Mapping[str, str] | None = None
    ) -> str:
        """Keep a commit, on no branch; its name.

        Args:
            tree: Its files.
            parents: The commits before it.
            message: What it says.
            extra: Variables such as `GIT_AUTHOR_DATE`.

        Raises:
            GitFailed: For instance if git does not know who the user is.
        """
        before = [word for parent in parents for word in ("-p", parent)]
        return self.text("commit-tree", *before, "-F", "-", tree, stdin=message.encode(), extra=extra)

    # --- other repositories

    def remote_refs(self, remote: str, *patterns: str) -> dict[str, str]:
        """References of another repository with what they lead to directly.

        Raises:
            GitFailed: If it cannot be reached.
        """
        listed = self.text("ls-remote", "--quiet", "--end-of-options", remote, *patterns)
        return {
            name: sha for sha, _, name in (line.partition("\t") for line in listed.splitlines()) if "^{}" not in name
        }

    def fetch(self, remote: str, refspecs: Sequence[str], *, force: bool = False, prune: bool = False) -> None:
        """Bring references, with what they lead to, from another repository. Without `force`, none that diverged.

        Raises:
            GitFailed: If it cannot be reached, or refuses.
        """
        options = [*(["--force"] if force else []), *(["--prune"] if prune else [])]
        text = "".join(f"{refspec}\n" for refspec in refspecs)
        self.run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            *options,
            "--stdin",
            "--",
            remote,
            stdin=os.fsencode(text),
        )

    def push(self, remote: str, refspecs: Sequence[str], *, force: bool = False) -> dict[str, str]:
        """Bring references to another repository; what became of each: its name there, and a flag of `git push --porcelain`.

        The flags are " " moved, "*" new, "+" forced, "-" removed, "=" as it was, "!" refused.

        Raises:
            GitFailed: If it cannot be reached.
        """
        done = self.call("push", "--porcelain", *(["--force"] if force else []), "--", remote, *refspecs)
        found = {}
        for line in os.fsdecode(done.stdout).splitlines():
            flag, _, rest = line.partition("\t")
            if len(flag) == 1 and rest:
                found[rest.partition("\t")[0].rpartition(":")[2]] = flag
        if done.returncode and not any(flag == "!" for flag in found.values()):
            raise _failed(("push", remote), done.stderr)
        return found

    # --- inside

    @cached_property
    def _environ(self) -> dict[str, str]:
        return {name: value for name, value in self.environ.items() if name not in _NOT_OURS} | _OURS

    def _start_reader(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                ["git", "cat-file", "--batch"],  # noqa: S607 - the user's git
                cwd=self.root,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environ,
            )
        except FileNotFoundError as error:
            raise _no_git(self.root) from error

    def _relative(self, path: str) -> str:
        relative = os.path.relpath(path, self.root) if os.path.isabs(path) else os.path.normpath(path)
        return relative if os.sep == "/" else relative.replace(os.sep, "/")


def lines_of(text: bytes) -> list[str]:
    """The parts of an answer each of which ends with a zero byte."""
    return [os.fsdecode(part) for part in text.split(b"\0") if part]


def _failed(arguments: Sequence[str], stderr: bytes) -> GitFailed:
    said = stderr.decode("utf-8", "replace").strip() or "It said nothing."
    return GitFailed(f"git {' '.join(arguments[:2])} failed: {said}")


def _no_git(root: Path) -> Exception:
    if not root.is_dir():
        return GitFailed(f"The folder {root} of the Git repository does not exist.")
    return NotSupported("git is not installed, or not on the PATH. Install it to work with revisions.")
