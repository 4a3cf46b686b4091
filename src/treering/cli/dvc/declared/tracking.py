"""Verbs of tracked files in the working tree."""

from __future__ import annotations

from treering.cli.dvc.declared.options import (
    FORCE,
    JSON,
    MARKDOWN,
    NO_RELINK,
    RECURSIVE,
    REMOTE,
    TARGETS,
    TO_REMOTE,
    WITH_DEPS,
)
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["VERBS"]

_DOING = "treering.cli.dvc.doing"

VERBS = (
    Verb(
        "add",
        "Track files or folders.",
        f"{_DOING}.adding:add",
        (
            Option("--no-commit", "Write the .dvc file, and put nothing into the cache."),
            Option("--glob", "Targets are patterns."),
            Option("-o --out", "Where in the working tree it is put.", takes="<path>"),
            TO_REMOTE,
            REMOTE._replace(help="The remote, for --to-remote."),
            Option("--remote-jobs", "How many transfers run at once, for --to-remote.", takes="<number>", kind=int),
            FORCE._replace(help="Overwrite a file that is there, and a cache object that differs."),
            NO_RELINK,
            Argument("targets", "Files and folders.", "+"),
        ),
        failed=1,
    ),
    Verb(
        "checkout",
        "Bring tracked files to the state that the .dvc files and dvc.lock say.",
        f"{_DOING}.checkout:checkout",
        (
            Option("--summary", "Only count what changed."),
            WITH_DEPS,
            RECURSIVE,
            FORCE._replace(help="Also overwrite and remove files that are not in the cache."),
            Option("--relink", "Make each link anew, as the config says now."),
            Option("--allow-missing", "Leave out what is not in the cache."),
            TARGETS,
        ),
    ),
    Verb(
        "commit",
        "Put changed files into the cache, and write down their hashes.",
        f"{_DOING}.commit:commit",
        (
            FORCE._replace(help="Also where dependencies or the command changed."),
            WITH_DEPS,
            RECURSIVE,
            NO_RELINK,
            TARGETS,
        ),
        failed=1,
    ),
    Verb(
        "diff",
        "Show which tracked files differ between two commits, or a commit and the working tree.",
        f"{_DOING}.diff:diff",
        (
            Option("--targets", "Only these files and folders.", takes="<paths>", how="several"),
            Argument("a_rev", "The older commit.", "?", default="HEAD"),
            Argument("b_rev", "The newer one; without it, the working tree.", "?"),
            JSON,
            Option("--show-hash", "With the hashes."),
            MARKDOWN,
            Option("--hide-missing", "Without what is not in the cache."),
        ),
        failed=1,
    ),
    Verb(
        "data status",
        "Show what differs between the last commit, the .dvc files and the working tree.",
        f"{_DOING}.data_status:data_status",
        (
            Argument("targets", "Only these files and folders.", "*"),
            JSON,
            Option("--granular", "Name the files of a folder that changed."),
            Option("--unchanged", "Also what did not change."),
            Option(
                "--untracked-files",
                "Also files that neither Git nor DVC tracks: no or all.",
                takes="<which>",
                how="perhaps",
                default="no",
                const="all",
                choices=("no", "all"),
            ),
            REMOTE._replace(help="The remote to ask."),
            Option("--not-in-remote", "Also what the remote does not have."),
            Option("--no-remote-refresh", "Do not ask the remote again.", name="remote_refresh", const=False),
        ),
    ),
    Verb(
        "remove",
        "Stop tracking files, or remove stages from dvc.yaml.",
        f"{_DOING}.tracking:remove",
        (
            Option("--outs", "Also remove the files themselves."),
            Argument("targets", ".dvc files, tracked files and stages.", "+"),
        ),
        ("rm",),
        failed=1,
    ),
    Verb(
        "move",
        "Move a tracked file or folder together with its .dvc file.",
        f"{_DOING}.tracking:move",
        (Argument("src", "What is moved."), Argument("dst", "Where to.")),
        ("mv",),
        failed=1,
    ),
    Verb(
        "unprotect",
        "Replace links into the cache by copies that may be written to.",
        f"{_DOING}.tracking:unprotect",
        (Argument("targets", "Tracked files and folders.", "+"),),
    ),
    Verb(
        "check-ignore",
        "Say which files a .dvcignore leaves out.",
        f"{_DOING}.ignored:check_ignore",
        (
            Option("-d --details", "With the pattern, and where it stands."),
            Option("-a --all", "All patterns that match, not only the last.", hidden=True),
            Option("-n --non-matching", "Also files that are not left out; with --details."),
            Option("--stdin", "Read the names of files from standard input."),
            Argument("targets", "Files and folders.", "*"),
        ),
    ),
)
