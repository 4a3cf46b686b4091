"""Verbs that move objects between cache and remotes, or remove them."""

from __future__ import annotations

from treering.cli.dvc.declared.options import (
    ALL_REFERENCES,
    FORCE,
    JOBS,
    RECURSIVE,
    REMOTE,
    RUN_CACHE,
    TARGETS,
    WITH_DEPS,
)
from treering.cli.dvc.verb import Option, Verb

__all__ = ["VERBS"]

_DOING = "treering.cli.dvc.doing"
_WHAT = (JOBS, TARGETS, REMOTE, *ALL_REFERENCES)
_GLOB = Option("--glob", "Targets are patterns.")

VERBS = (
    Verb(
        "pull",
        "Fetch tracked files from a remote, and put them into the working tree.",
        f"{_DOING}.pull:pull",
        (
            *_WHAT,
            FORCE._replace(help="Also overwrite and remove files that are not in the cache."),
            WITH_DEPS,
            RECURSIVE,
            RUN_CACHE,
            _GLOB._replace(hidden=True),
            Option("--allow-missing", "Leave out what is nowhere."),
        ),
        failed=1,
    ),
    Verb(
        "push",
        "Send tracked files to a remote.",
        f"{_DOING}.transfer:push",
        (*_WHAT, WITH_DEPS, RECURSIVE, RUN_CACHE, _GLOB),
        failed=1,
    ),
    Verb(
        "fetch",
        "Fetch tracked files from a remote into the cache.",
        f"{_DOING}.transfer:fetch",
        (
            *_WHAT,
            WITH_DEPS,
            RECURSIVE,
            RUN_CACHE,
            Option("--max-size", "Leave out files of more bytes than this.", takes="<bytes>", kind=int),
            Option(
                "--type",
                "Only metrics, or plots.",
                takes="<type>",
                how="append",
                name="types",
                choices=("metrics", "plots"),
            ),
        ),
        failed=1,
    ),
    Verb(
        "gc",
        "Remove objects that nothing uses from the cache or a remote.",
        f"{_DOING}.gc:gc",
        (
            Option("-w --workspace", "Keep what the working tree uses."),
            Option("--rev", "Keep what this commit uses.", takes="<commit>"),
            Option("-n --num", "And so many commits before it.", takes="<num>", kind=int),
            *(option._replace(help=f"Keep what is used {option.help.lower()}") for option in ALL_REFERENCES),
            Option("--date", "Keep what commits since this day use.", takes="<yyyy-mm-dd>", name="commit_date"),
            Option("--all-experiments", "Keep what experiments use."),
            Option("--not-in-remote", "Keep what the remote does not have."),
            Option("-c --cloud", "Remove from the remote, too."),
            REMOTE,
            Option("--skip-failed", "Go on where a commit cannot be read."),
            FORCE._replace(help="Do not ask."),
            JOBS,
            Option(
                "-p --projects",
                "Keep what these other repositories use, too.",
                takes="<paths>",
                how="several",
                name="repos",
            ),
            Option("--dry", "Only say what would be removed."),
        ),
    ),
)
