"""Verbs that bring data from other repositories and storages, or look into them."""

from __future__ import annotations

from treering.cli.dvc.declared.options import (
    FORCE,
    FS_CONFIG,
    JOBS,
    JSON,
    NO_DOWNLOAD,
    NO_EXEC,
    OUT,
    PATH,
    RECURSIVE,
    REMOTE,
    REMOTE_OF_SOURCE,
    REVISION,
    TO_REMOTE,
    URL,
)
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["VERBS"]

_DOING = "treering.cli.dvc.doing"
_STORAGE = Argument("url", "A file or folder of a storage: a path, s3://, gs://, azure://, ssh://, http(s):// ...")
_WHERE = Argument("out", "Where to put it.", "?")
_IN_SOURCE = Argument("path", "A file or folder in it.")
_TREE = (
    Option("-R --recursive", "All files below."),
    Option("-T --tree", "As a tree."),
    Option("-L --level", "Not deeper than this.", takes="<depth>", kind=int),
)
_DATASETS = (
    "named datasets of dvc.yaml are read, and stages may depend on them, but they are not written."
    " Import the data: treering data import"
)
_SIZE = Option("--size", "With sizes.")

VERBS = (
    Verb(
        "import",
        "Bring a file or folder of another repository, and remember where it came from.",
        f"{_DOING}.sources:import_",
        (URL, _IN_SOURCE, OUT, FORCE, REVISION, NO_EXEC, NO_DOWNLOAD, JOBS, *REMOTE_OF_SOURCE),
        failed=1,
    ),
    Verb(
        "import-url",
        "Bring a file or folder of a storage, and remember where it came from.",
        f"{_DOING}.sources:import_url",
        (
            _STORAGE,
            _WHERE,
            TO_REMOTE,
            REMOTE._replace(help="The remote, for --to-remote."),
            NO_EXEC,
            NO_DOWNLOAD,
            JOBS,
            FORCE,
            Option("--version-aware", "Remember the storage's own versions."),
            FS_CONFIG,
        ),
        failed=1,
    ),
    Verb(
        "import-db",
        "Bring a table or the result of a query of a database.",
        takes=(
            Option("--sql", "The query.", takes="<query>", alone="what"),
            Option("--table", "The table.", takes="<name>", alone="what"),
            Option(
                "--output-format",
                "Of the file.",
                takes="<format>",
                how="perhaps",
                default="csv",
                const=None,
                choices=("csv", "json"),
            ),
            OUT,
            FORCE,
            Option("--conn", "The section of the config that names the database.", takes="<name>", required=True),
        ),
        failed=1,
        refused="it runs a query that nobody can repeat. Write a stage whose command runs it, with always_changed",
    ),
    Verb(
        "test-db",
        "Try the connection to a database.",
        takes=(
            Option("--conn", "The section of the config that names the database.", takes="<name>", required=True),
            Option("--url", "The database instead.", takes="<url>"),
            Option("--password", "Its password.", takes="<password>"),
            Option("--username", "Its user.", takes="<name>"),
        ),
        hidden=True,
        refused="it belongs to import-db",
    ),
    Verb(
        "get",
        "Download a file or folder of another repository, without tracking it.",
        f"{_DOING}.sources:get",
        (
            URL,
            _IN_SOURCE,
            OUT,
            REVISION,
            Option("--show-url", "Only print where the data lies."),
            JOBS,
            FORCE,
            *REMOTE_OF_SOURCE,
        ),
        failed=1,
    ),
    Verb(
        "get-url",
        "Download a file or folder of a storage, without tracking it.",
        f"{_DOING}.sources:get_url",
        (_STORAGE, _WHERE, JOBS, FORCE, FS_CONFIG),
        failed=1,
    ),
    Verb(
        "list",
        "List files of a repository, tracked by Git and by DVC.",
        f"{_DOING}.listing:list_files",
        (
            URL,
            *_TREE,
            Option("--dvc-only", "Only what DVC tracks."),
            JSON,
            REVISION,
            *REMOTE_OF_SOURCE,
            _SIZE,
            Option("--show-hash", "With hashes."),
            PATH,
        ),
        ("ls",),
        failed=1,
    ),
    Verb(
        "list-url",
        "List files of a storage.",
        f"{_DOING}.listing:list_url",
        (_STORAGE, *_TREE, _SIZE, FS_CONFIG),
        ("ls-url",),
    ),
    Verb(
        "du",
        "Show how much is in files and folders of a repository.",
        f"{_DOING}.listing:du",
        (URL, REVISION, Option("-s --summarize", "Only the sum."), *REMOTE_OF_SOURCE, PATH),
    ),
    Verb(
        "update",
        "Bring imports to what their sources have now.",
        f"{_DOING}.sources:update",
        (
            Argument("targets", ".dvc files of imports.", "+"),
            REVISION,
            RECURSIVE,
            Option("--no-download", "Only write the new hashes into the .dvc files."),
            TO_REMOTE,
            REMOTE._replace(help="The remote, for --to-remote."),
            JOBS,
        ),
        failed=1,
    ),
    Verb(
        "artifacts get",
        "Download a file or folder that stands under `artifacts` in a dvc.yaml.",
        f"{_DOING}.sources:artifacts_get",
        (
            URL,
            Argument("name", "The artifact, as `path/to/dvc.yaml:name` or `name`."),
            Option("--rev", "Its version, or a commit.", takes="<version>", how="perhaps", const=None),
            Option("--stage", "The version that is in this stage.", takes="<stage>", how="perhaps", const=None),
            OUT,
            Option("--show-url", "Only print where the data lies."),
            JOBS,
            FORCE,
            *REMOTE_OF_SOURCE,
        ),
        failed=1,
    ),
    Verb(
        "dataset add",
        "Add a named dataset to dvc.yaml.",
        takes=(
            Option("--dc", "A dataset of DataChain.", takes="<name>", alone="kind"),
            Option("--dvc", "A repository.", takes="<url>", alone="kind"),
            Option("--url", "A file or folder of a storage.", takes="<url>", alone="kind"),
            Argument("name", "What it is called here."),
            Option("--rev", "A commit, with --dvc.", takes="<commit>"),
            Option("--path", "A file or folder, with --dvc.", takes="<path>"),
            FORCE._replace(help="Replace one of this name."),
        ),
        hidden=True,
        refused=_DATASETS,
    ),
    Verb(
        "dataset update",
        "Bring a named dataset to what its source has now.",
        takes=(
            Argument("name", "Which."),
            Option("--rev --version", "Its version, or a commit.", takes="<version>", how="perhaps", const=None),
        ),
        hidden=True,
        refused=_DATASETS,
    ),
)
