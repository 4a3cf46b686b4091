"""What Treering's own groups of commands take beside DVC's options, and verbs that DVC does not have."""

from __future__ import annotations

from treering.cli.dvc.declared.options import ALL_BRANCHES, ALL_REFERENCES, ALL_TAGS, JOBS, JSON, REMOTE, REVISIONS
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = [
    "GRACE",
    "ONLY",
    "PROFILE",
    "RESOURCE",
    "SPLIT",
    "STAGE_JOBS",
    "TRACK",
    "TRACK_EXPERIMENT",
    "TRACK_EXPERIMENTS",
    "TREES",
    "VERIFY",
    "WITH_JSON",
]

_DOING = "treering.cli.dvc.doing"

WITH_JSON = JSON
ONLY = Option(
    "--only",
    "Only files below a tracked folder that match this pattern; may be repeated.",
    takes="<pattern>",
    how="append",
)
STAGE_JOBS = Option(
    "-j --jobs",
    "How many stages run at once, where they do not depend on each other.",
    takes="<number>",
    kind=int,
    default=1,
)
RESOURCE = Option(
    "--resource",
    "How much there is of something that stages claim under meta.treering.resources, such as gpu=2; may be repeated.",
    takes="<name>=<amount>",
    how="append",
)
TRACK = Option("--track", "Keep each stage that runs as a run of the tracking store, with its inputs and outputs.")
TRACK_EXPERIMENT = Option("--track", "Keep the experiment as a run of the tracking store, as `exp track` does.")
TREES = Option(
    "--trees", "Where the folder of its own is made, for --temp and --queue, such as a faster disk.", takes="<folder>"
)

GRACE = Option("--grace", "Keep what is younger than this, such as 12h or 7d; 1d unless given.", takes="<age>")

VERIFY = Verb(
    "verify",
    "Read objects of the cache or a remote again, and compare them with their hashes.",
    f"{_DOING}.verify:verify",
    (
        Option("-c --cloud", "Look at a remote, not at the cache."),
        Option("--used", "Only at what is used; otherwise at all that is there."),
        *(option._replace(help=f"What is used {option.help.lower()}") for option in ALL_REFERENCES),
        REMOTE,
        JOBS,
        Option("--repair", "Replace damaged objects of one by good ones of the other."),
        JSON,
    ),
    failed=1,
)

TRACK_EXPERIMENTS = Verb(
    "track",
    "Keep experiments as runs of the tracking store, with their params, metrics and versions of data.",
    f"{_DOING}.exp_track:track",
    (
        Argument(
            "experiment", "Experiments: names or references.  [default: those of the commit that is checked out]", "*"
        ),
        *REVISIONS,
        ALL_BRANCHES,
        ALL_TAGS,
        Option(
            "--into",
            "The name of the store's experiment; that of the folder otherwise.",
            takes="<experiment>",
            default="",
        ),
        JSON,
    ),
    failed=1,
)

PROFILE = Verb(
    "profile",
    "Look at a table: types, gaps, distributions, what goes together, outliers, and hints of leaks.",
    f"{_DOING}.profile:profile",
    (
        Argument("file", "A file of CSV (.csv, .tsv, both also .gz) or Parquet (.parquet, .pq)."),
        Option("--target", "The column that is to be predicted.", takes="<column>"),
        Option(
            "-o --out", "Write a page that stands alone, or the counts where the name ends with .json.", takes="<file>"
        ),
        Option(
            "--against", "Count by the bins and values of this profile (.json), to compare the two.", takes="<file>"
        ),
        JSON,
    ),
    failed=1,
)

SPLIT = Verb(
    "split",
    "Divide a table into parts, the same ones each time, with a record of how.",
    f"{_DOING}.split:split",
    (
        Argument("file", "A file of CSV (.csv, .tsv, both also .gz) or Parquet (.parquet, .pq)."),
        Option(
            "--parts",
            "The parts and their shares, such as 0.8,0.2 or train=0.6,tune=0.2,test=0.2.",
            takes="<shares>",
            default="0.8,0.2",
        ),
        Option("--stratify", "A column of whose values each part gets the same shares.", takes="<column>"),
        Option("--group", "A column whose equal values stay in one part.", takes="<column>"),
        Option("--time", "A column in whose order the parts follow each other.", takes="<column>"),
        Option("--key", "A column by whose hash each row finds its part, which it keeps.", takes="<column>"),
        Option("--seed", "Another split for another number.", takes="<number>", kind=int, default=0),
        Option("-o --out", "The folder for the parts; that of the file unless given.", takes="<folder>"),
        JSON,
    ),
    failed=1,
)
