"""Verbs of remotes and of the cache."""

from __future__ import annotations

from treering.cli.dvc.declared.options import FORCE, LEVELS
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["VERBS"]

_DOING = "treering.cli.dvc.doing"
_NAME = Argument("name", "The remote.")

VERBS = (
    Verb(
        "remote add",
        "Add a remote.",
        f"{_DOING}.remotes:add",
        (
            *LEVELS,
            _NAME,
            Argument(
                "url", "Where it is: a folder, s3://, gs://, azure://, ssh://, http(s)://, webdav(s)://, hdfs://."
            ),
            Option("-d --default", "Make it the default one."),
            FORCE._replace(help="Replace one of this name."),
        ),
    ),
    Verb(
        "remote default",
        "Show, set or unset the default remote.",
        f"{_DOING}.remotes:default",
        (*LEVELS, _NAME._replace(times="?"), Option("-u --unset", "Have none.")),
    ),
    Verb(
        "remote modify",
        "Set or remove an option of a remote.",
        f"{_DOING}.remotes:modify",
        (
            *LEVELS,
            _NAME,
            Argument("option", "The option."),
            Argument("value", "What it is set to.", "?"),
            Option("-u --unset", "Remove the option."),
        ),
    ),
    Verb("remote list", "List remotes.", f"{_DOING}.remotes:list_remotes", LEVELS),
    Verb("remote remove", "Remove a remote from the config.", f"{_DOING}.remotes:remove", (*LEVELS, _NAME)),
    Verb(
        "remote rename",
        "Give a remote another name.",
        f"{_DOING}.remotes:rename",
        (*LEVELS, _NAME, Argument("new", "Its new name.")),
    ),
    Verb(
        "cache dir",
        "Show or set where the cache is.",
        f"{_DOING}.remotes:cache_dir",
        (*LEVELS, Option("-u --unset", "Have it in .dvc/cache again."), Argument("value", "The folder.", "?")),
    ),
    Verb(
        "cache migrate",
        "Give objects of DVC 2 the place and hash of DVC 3.",
        f"{_DOING}.migrating:cache_migrate",
        (
            Option("--dvc-files", "Also write the new hashes into .dvc files and dvc.lock."),
            Option("--dry", "Only say what would be done."),
        ),
    ),
)
