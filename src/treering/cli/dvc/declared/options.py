"""Arguments and options that several verbs take."""

from __future__ import annotations

from treering.cli.dvc.verb import Argument, Option

__all__ = [
    "ALL_BRANCHES",
    "ALL_COMMITS",
    "ALL_REFERENCES",
    "ALL_TAGS",
    "CONFIG",
    "FORCE",
    "FS_CONFIG",
    "JOBS",
    "JSON",
    "LEVELS",
    "MARKDOWN",
    "NO_DOWNLOAD",
    "NO_EXEC",
    "NO_PATH",
    "NO_RELINK",
    "OUT",
    "PATH",
    "PRECISION",
    "RECURSIVE",
    "REMOTE",
    "REMOTE_OF_SOURCE",
    "REVISION",
    "REVISIONS",
    "RUN_CACHE",
    "TARGETS",
    "TO_REMOTE",
    "URL",
    "WITH_DEPS",
]

TARGETS = Argument("targets", "Tracked files and folders, .dvc files and stages; all when none is named.", "*")
URL = Argument("url", "A DVC or Git repository: its URL, or a folder.")
PATH = Argument("path", "A file or folder in it.", "?")

FORCE = Option("-f --force", "Overwrite what is there.")
JOBS = Option("-j --jobs", "How many transfers run at once.", takes="<number>", kind=int)
JSON = Option("--json", "Print JSON.")
MARKDOWN = Option("--md", "Print a table in Markdown.", name="markdown")
NO_PATH = Option("--no-path", "Leave out the column of files.")
PRECISION = Option("--precision", "Digits behind the point.", takes="<n>", kind=int)
RECURSIVE = Option("-R --recursive", "Take all that is tracked below a folder that is named.")
WITH_DEPS = Option("-d --with-deps", "Also all that the named targets depend on.")
NO_RELINK = Option("--no-relink", "Leave the files in the working tree as they are.", name="relink", const=False)
REMOTE = Option("-r --remote", "The remote, unless it is the default one.", takes="<name>")
TO_REMOTE = Option("--to-remote", "Send it straight to a remote, and leave neither file nor cache object here.")
RUN_CACHE = Option("--run-cache --no-run-cache", "Also what stages came to in earlier runs.", how="either")

ALL_BRANCHES = Option("-a --all-branches", "Of all branches of Git.")
ALL_TAGS = Option("-T --all-tags", "Of all tags of Git.")
ALL_COMMITS = Option("-A --all-commits", "Of all commits of Git.")
ALL_REFERENCES = (ALL_BRANCHES, ALL_TAGS, ALL_COMMITS)

REVISION = Option("--rev", "A revision of that repository.", takes="<commit>", how="perhaps", const=None)
OUT = Option("-o --out", "Where to put it.", takes="<path>", how="perhaps", const=None)
CONFIG = Option("--config", "A config file that is read over that of the repository.", takes="<path>")
REMOTE_OF_SOURCE = (
    CONFIG,
    Option("--remote", "A remote of that repository, unless it is its default one.", takes="<name>"),
    Option("--remote-config", "Options of that remote.", takes="<name>=<value>", how="pairs"),
)
FS_CONFIG = Option("--fs-config", "Options of the storage, as of a remote.", takes="<name>=<value>", how="pairs")
NO_EXEC = Option("--no-exec", "Only write the .dvc file.", alone="exec")
NO_DOWNLOAD = Option("--no-download", "Only find out the hash, and write the .dvc file.", alone="exec")

LEVELS = (
    Option("--global", "In the user's config.", name="level", const="global", alone="level"),
    Option("--system", "In the machine's config.", name="level", const="system", alone="level"),
    Option("--project", "In the repository's config, .dvc/config.", name="level", const="repo", alone="level"),
    Option(
        "--local", "In the config that Git does not see, .dvc/config.local.", name="level", const="local", alone="level"
    ),
)

REVISIONS = (
    ALL_COMMITS,
    Option("--rev", "Experiments of this commit; may be repeated.", takes="<commit>", how="append"),
    Option(
        "-n --num", "How many commits, back from each that is named; below 0: all.", takes="<num>", kind=int, default=1
    ),
)
