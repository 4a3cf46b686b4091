"""Verbs of stages and pipelines."""

from __future__ import annotations

from treering.cli.dvc.declared.options import ALL_REFERENCES, FORCE, JOBS, JSON, RECURSIVE, REMOTE, TARGETS, WITH_DEPS
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["REPRODUCTION", "VERBS"]

_DOING = "treering.cli.dvc.doing"

REPRODUCTION = (
    Argument("targets", "Stages and .dvc files; the dvc.yaml of this folder when none is named.", "*"),
    Option("-f --force", "Also run stages that did not change."),
    Option("-i --interactive", "Ask before each stage."),
    Option("-s --single-item", "Only the named stages, not what they depend on."),
    Option("-p --pipeline", "The whole pipeline that the named stages belong to."),
    Option("-P --all-pipelines", "All pipelines of the repository."),
    Option("-R --recursive", "All stages below the named folder."),
    Option("--downstream", "The named stages and what depends on them."),
    Option("--force-downstream", "Run what depends on a stage that ran, though nothing it depends on changed."),
    Option("--pull", "Fetch missing files and earlier runs from the remote."),
    Option("--allow-missing", "Leave out stages that only miss files."),
    Option("--dry", "Only say what would be run."),
    Option(
        "-k --keep-going",
        "After a failure, go on with what does not depend on it.",
        name="on_error",
        const="keep-going",
    ),
    Option("--ignore-errors", "After a failure, go on with everything.", name="on_error", const="ignore"),
)
"""What `repro` and `exp run` have in common."""


def _several(flags: str, text: str, takes: str) -> Option:
    return Option(flags, text, takes=takes, how="append")


VERBS = (
    Verb(
        "repro",
        "Run the stages of a pipeline that changed.",
        f"{_DOING}.repro:repro",
        (
            *REPRODUCTION,
            Option("--glob", "Targets are patterns."),
            Option("--no-commit", "Put nothing into the cache."),
            Option("--no-run-cache", "Also run what was run with the same inputs before."),
        ),
    ),
    Verb(
        "status",
        "Show stages and tracked files that changed, or what a remote does not have.",
        f"{_DOING}.status:status",
        (
            JOBS,
            TARGETS,
            Option("-c --cloud", "Compare the cache with a remote."),
            REMOTE,
            *ALL_REFERENCES,
            WITH_DEPS,
            RECURSIVE,
            JSON,
            Option(
                "--no-updates", "Do not look whether sources of imports changed.", name="check_updates", const=False
            ),
        ),
        failed=1,
    ),
    Verb(
        "freeze",
        "Let stages or .dvc files not be run or updated.",
        f"{_DOING}.stages:freeze",
        (Argument("targets", "Stages and .dvc files.", "+"),),
        failed=1,
    ),
    Verb(
        "unfreeze",
        "Undo freeze.",
        f"{_DOING}.stages:unfreeze",
        (Argument("targets", "Stages and .dvc files.", "+"),),
        failed=1,
    ),
    Verb(
        "stage add",
        "Write a stage into dvc.yaml.",
        f"{_DOING}.stages:add",
        (
            Option("-n --name", "What it is called.", takes="<name>", required=True),
            FORCE._replace(help="Replace a stage of this name."),
            _several("-d --deps", "A file or folder that the command reads.", "<path>"),
            _several("-p --params", "Parameters that the command reads.", "[<filename>:]<params_list>"),
            _several("-o --outs", "A file or folder that the command writes.", "<filename>"),
            _several("-O --outs-no-cache", "As --outs, and Git keeps it.", "<filename>"),
            _several("--outs-persist", "As --outs, and it is not removed before a run.", "<filename>"),
            _several("--outs-persist-no-cache", "Both.", "<filename>"),
            _several("-m --metrics", "A file of metrics that the command writes.", "<path>"),
            _several("-M --metrics-no-cache", "As --metrics, and Git keeps it.", "<path>"),
            _several("--plots", "A file of plots that the command writes.", "<path>"),
            _several("--plots-no-cache", "As --plots, and Git keeps it.", "<path>"),
            Option("-w --wdir", "The folder that the command runs in.", takes="<path>"),
            Option("--always-changed", "Let it be run each time."),
            Option("--desc", "What it is for.", takes="<text>"),
            Option("--run", "Also run it."),
            Argument("command", "The command.", "..."),
        ),
    ),
    Verb(
        "stage list",
        "List stages.",
        f"{_DOING}.stages:list_stages",
        (
            Argument("targets", "dvc.yaml files, folders, stages.", "*", default=["dvc.yaml"]),
            Option("--all", "All of the repository."),
            Option("--fail", "Fail where a file cannot be read."),
            RECURSIVE,
            Option("--name-only --names-only", "Only their names."),
        ),
    ),
    Verb(
        "dag",
        "Show how stages depend on each other.",
        f"{_DOING}.dag:dag",
        (
            Option("--dot", "In the language of Graphviz."),
            Option("--mermaid", "In the language of Mermaid."),
            Option("--md", "As --mermaid, for Markdown.", name="markdown"),
            Option("--collapse-foreach-matrix", "One node for all stages of a foreach or a matrix."),
            Option("--full", "The whole pipeline, also with a target."),
            Option("-o --outs", "Files instead of stages."),
            Argument("target", "A stage; only what it depends on is shown.", "?"),
        ),
    ),
)
