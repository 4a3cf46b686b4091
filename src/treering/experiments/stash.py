"""Queued experiments as commits: stashes in the form of DVC's, and the reflog in which DVC looks for them."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from treering.experiments.refs import StashMessage
from treering.versioning.errors import GitFailed
from treering.versioning.git import GitRepository
from treering.versioning.git_objects import Tree
from treering.versioning.locks import held

__all__ = ["Variant", "commit_variants", "drop_stashes", "push_stash", "stashed"]

_NOBODY = "treering <treering@localhost>"
_FILE = 0o100644
# In Git's own folder, which all working trees of a repository share, as they share the stashes.
_LOCK = "treering-stash.lock"


@dataclass(frozen=True, slots=True)
class Variant:
    """An experiment to be queued.

    Attributes:
        message: What its commit says.
        files: Files that are different from the common tree, by path relative to Git's root.
    """

    message: StashMessage
    files: Mapping[str, bytes]


def commit_variants(git: GitRepository, tree: str, index: str, variants: Sequence[Variant]) -> list[str]:
    """A commit for each variant, all in one call of Git; no reference leads to them.

    Args:
        git: The repository.
        tree: What they have in common: the working tree as it is.
        index: A commit of Git's index, which is the second parent of a stash.
        variants: What is different; their heads are the first parents.
    """
    common = Tree(git.reader, tree)
    who = _identity(git)
    ref = f"refs/exps/temp/{uuid.uuid4().hex}"
    stream: list[bytes] = []
    for number, variant in enumerate(variants, 1):
        text = variant.message.text.encode()
        stream += [
            b"commit %s\nmark :%d\ncommitter %s\n" % (ref.encode(), number, who),
            b"data %d\n%s\n" % (len(text), text),
            b"from %s\nmerge %s\n" % (variant.message.head.encode(), index.encode()),
            b"M 040000 %s \n" % tree.encode(),
        ]
        for path, content in variant.files.items():
            entry = common.find(path)
            mode = entry.mode if entry is not None and not entry.is_folder else _FILE
            stream.append(b"M %o inline %s\ndata %d\n%s\n" % (mode, _quoted(path), len(content), content))
    stream += [b"get-mark :%d\n" % number for number in range(1, len(variants) + 1)]
    stream.append(b"done\n")
    made = git.run("fast-import", "--quiet", "--done", "--force", stdin=b"".join(stream)).decode().split()
    git.delete_refs([ref])
    return made


def push_stash(git: GitRepository, ref: str, commit: str, message: StashMessage) -> None:
    """Put a commit on top of a stash."""
    with _alone(git):
        git.set_ref(ref, commit, message=f"commit: {message.text}", reflog=True)


def stashed(git: GitRepository, ref: str) -> list[tuple[str, str]]:
    """The commits of a stash with what the reflog says of each, the newest first."""
    if not git.get_ref(ref):
        return []
    listed = git.text("reflog", "show", "--format=%H %gs", ref, "--", strict=False)
    return [(commit, message) for commit, _, message in (line.partition(" ") for line in listed.splitlines())]


def drop_stashes(git: GitRepository, ref: str, commits: Collection[str]) -> None:
    """Take commits out of a stash; those that are not in it are no mistake."""
    with _alone(git):
        entries = stashed(git, ref)
        wanted = [at for at, (commit, _) in enumerate(entries) if commit in commits]
        if wanted and len(wanted) == len(entries):
            git.delete_refs([ref])
            return
        # From the oldest on, so that the numbers of the others stay.
        for at in reversed(wanted):
            git.run("reflog", "delete", "--updateref", "--rewrite", f"{ref}@{{{at}}}")


def _alone(git: GitRepository) -> AbstractContextManager[None]:
    """Change stashes while no other of our processes does: Git names their entries by numbers, which move."""
    return held(git.common_dir / _LOCK, "changes the queue of experiments")


def _identity(git: GitRepository) -> bytes:
    try:
        return os.fsencode(git.text("var", "GIT_COMMITTER_IDENT"))
    except GitFailed:
        # Whoever has not told Git a name yet can queue experiments all the same.
        return f"{_NOBODY} {int(time.time())} +0000".encode()


def _quoted(path: str) -> bytes:
    """A path as fast-import reads it."""
    raw = os.fsencode(path)
    if raw.startswith(b'"') or b"\n" in raw or b'"' in raw or b"\\" in raw:
        escaped = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        return b'"' + escaped + b'"'
    return raw
