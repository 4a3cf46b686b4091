"""Verbs of experiments and of their queue."""

from __future__ import annotations

from treering.cli.dvc.declared.options import (
    ALL_BRANCHES,
    ALL_TAGS,
    FORCE,
    JOBS,
    JSON,
    MARKDOWN,
    NO_PATH,
    PRECISION,
    RECURSIVE,
    REMOTE,
    REVISIONS,
    RUN_CACHE,
)
from treering.cli.dvc.declared.pipelines import REPRODUCTION
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["VERBS"]

_DOING = "treering.cli.dvc.doing"
_EXPERIMENT = Argument("experiment", "The experiment: its name or commit.")
_EXPERIMENTS = Argument("experiment", "Experiments: names or commits.", "*")
_NAME = Option("-n --name", "What the experiment is called.", takes="<name>")
_MESSAGE = (
    Option("-m --message", "The message of its commit.", takes="<text>"),
    Option("-M", "As -m.", takes="<text>", name="message", hidden=True),
)
_GIT_REMOTE = Argument("git_remote", "The remote of Git: its name or URL.")
_TASKS = Argument("task", "Tasks: names or ids.", "*")


def _moving(cache: str) -> tuple[Argument | Option, ...]:
    """What `push` and `pull` take; `cache` is what their option about data is called for the function."""
    return (
        *REVISIONS,
        FORCE._replace(help="Replace experiments of the same name."),
        Option("--no-cache", "Without the data.", name=cache, const=False),
        REMOTE._replace(name="dvc_remote", help="The remote for the data, unless it is the default one."),
        JOBS,
        RUN_CACHE,
        _GIT_REMOTE,
        _EXPERIMENTS,
    )


VERBS = (
    Verb(
        "experiments run",
        "Run a pipeline, and keep what came of it as an experiment.",
        f"{_DOING}.exp_run:run",
        (
            *REPRODUCTION,
            _NAME,
            Option(
                "-S --set-param",
                "Set a parameter; lists and ranges make a grid.",
                takes="[<filename>:]<param_name>=<param_value>",
                how="append",
            ),
            Option("--queue", "Put it into the queue."),
            Option("--run-all", "Run all that is in the queue."),
            Option("-j --jobs", "How many of the queue run at once.", takes="<number>", kind=int, default=1),
            Option("--temp", "Run it in a folder of its own.", name="tmp_dir"),
            Option("-C --copy-paths", "Also copy this into its folder.", takes="<path>", how="append"),
            *_MESSAGE,
            Option("--no-hydra", "Do not compose the config of Hydra."),
        ),
    ),
    Verb(
        "experiments show",
        "Show experiments with their metrics and params in a table.",
        f"{_DOING}.exp_show:show",
        (
            *REVISIONS,
            ALL_BRANCHES,
            ALL_TAGS,
            Option("--no-pager", "Print all at once."),
            Option("--only-changed", "Without columns that are the same in all rows."),
            Option("--drop", "Without columns that match this.", takes="<regex_pattern>", how="append"),
            Option(
                "--keep", "With columns that match this, whatever else is said.", takes="<regex_pattern>", how="append"
            ),
            Option("--param-deps", "Only params that a stage depends on."),
            Option("--sort-by", "Order by this.", takes="<metric/param>"),
            Option("--sort-order", "Which end first.", takes="<order>", default="asc", choices=("asc", "desc")),
            Option("--sha", "Commits instead of names."),
            Option("--hide-failed", "Without failed ones."),
            Option("--hide-queued", "Without queued ones."),
            Option("--hide-workspace", "Without the working tree."),
            JSON,
            Option("--csv", "Print CSV."),
            MARKDOWN,
            PRECISION,
            Option("--no-fetch", "Do not ask what runs.", name="fetch_running", const=False, hidden=True),
            FORCE._replace(help="Read everything anew."),
        ),
        failed=1,
    ),
    Verb(
        "experiments diff",
        "Compare metrics and params of two experiments.",
        f"{_DOING}.exp_diff:diff",
        (
            Argument("a_rev", "The older one.  [default: HEAD]", "?"),
            Argument("b_rev", "The newer one.  [default: the working tree]", "?"),
            Option("--all", "Also what did not change."),
            Option("--param-deps", "Only params that a stage depends on."),
            JSON,
            MARKDOWN,
            NO_PATH,
            PRECISION,
        ),
        failed=1,
    ),
    Verb(
        "experiments list",
        "List experiments.",
        f"{_DOING}.exp_list:list_experiments",
        (
            *REVISIONS,
            Option("--name-only --names-only", "Only names.", alone="only"),
            Option("--sha-only --shas-only", "Only commits.", alone="only"),
            _GIT_REMOTE._replace(times="?", help="Those of this remote of Git."),
        ),
        ("ls",),
    ),
    Verb(
        "experiments apply",
        "Bring the working tree to what an experiment had.",
        f"{_DOING}.experiments:apply",
        (
            Option("--no-force", "Fail where a changed file would be overwritten.", name="force", const=False),
            _EXPERIMENT,
        ),
    ),
    Verb(
        "experiments branch",
        "Make a branch of Git from an experiment.",
        f"{_DOING}.experiments:branch",
        (_EXPERIMENT, Argument("branch", "What it is called; the experiment's name and -branch otherwise.", "?")),
    ),
    Verb("experiments clean", "Remove what ended runs left behind.", f"{_DOING}.experiments:clean"),
    Verb(
        "experiments push",
        "Send experiments and their data to remotes.",
        f"{_DOING}.exp_remote:push",
        _moving("push_cache"),
    ),
    Verb(
        "experiments pull",
        "Fetch experiments and their data from remotes.",
        f"{_DOING}.exp_remote:pull",
        _moving("pull_cache"),
    ),
    Verb(
        "experiments remove",
        "Remove experiments.",
        f"{_DOING}.experiments:remove",
        (
            *REVISIONS,
            Option("--keep", "Remove all but the named ones."),
            Option("--queue", "Those of the queue.", alone="where"),
            Option("-g --git-remote", "Those of this remote of Git.", takes="<git_remote>", alone="where"),
            _EXPERIMENTS,
        ),
        ("rm",),
    ),
    Verb(
        "experiments rename",
        "Give an experiment another name.",
        f"{_DOING}.experiments:rename",
        (
            Option("-g --git-remote", "Also on this remote of Git.", takes="<git_remote>"),
            _EXPERIMENT._replace(times="?"),
            Argument("name", "Its new name."),
            FORCE._replace(help="Replace one of this name."),
        ),
    ),
    Verb(
        "experiments save",
        "Keep the working tree as an experiment.",
        f"{_DOING}.experiments:save",
        (
            Argument("targets", "Only these stages and .dvc files.", "*"),
            RECURSIVE,
            FORCE._replace(help="Replace one of this name."),
            JSON,
            _NAME,
            Option("-I --include-untracked", "Also this, which Git does not track.", takes="<path>", how="append"),
            *_MESSAGE,
        ),
        failed=1,
    ),
    Verb(
        "experiments exec-run",
        "Run one experiment in a folder that was made for it.",
        takes=(
            Option("--infofile", "Where it says how it is.", takes="<path>"),
            Option("-C --copy-paths", "Also copy this.", takes="<path>", how="append"),
            Option("-m --message", "The message of its commit.", takes="<text>"),
        ),
        hidden=True,
        refused="it is a part of DVC's own queue. Treering's workers run experiments themselves",
    ),
    Verb(
        "experiments queue-worker",
        "Run what is in the queue.",
        takes=(Argument("name", "What the worker is called."), Option("--clean", "Tidy up at its end.")),
        hidden=True,
        refused="it is a part of DVC's own queue. Start workers with: queue start",
    ),
    Verb(
        "queue start",
        "Start workers that run what is in the queue.",
        f"{_DOING}.queue:start",
        (Option("-j --jobs", "How many.", takes="<number>", kind=int, default=1),),
    ),
    Verb(
        "queue stop",
        "Stop the workers.",
        f"{_DOING}.queue:stop",
        (Option("--kill", "And what they run."),),
    ),
    Verb("queue status", "Show the tasks of the queue, and its workers.", f"{_DOING}.queue_status:status"),
    Verb(
        "queue logs",
        "Show what a task wrote.",
        f"{_DOING}.queue:logs",
        (
            Option("-e --encoding", "How it is encoded.", takes="<encoding>"),
            Option("-f --follow", "Go on while it runs."),
            Argument("task", "The task: its name or id."),
        ),
    ),
    Verb(
        "queue remove",
        "Take tasks out of the queue.",
        f"{_DOING}.queue:remove",
        (
            Option("--all", "All that do not run."),
            Option("--queued", "All that wait."),
            Option("--success", "All that are done."),
            Option("--failed", "All that failed."),
            _TASKS,
        ),
    ),
    Verb(
        "queue kill",
        "End tasks that run.",
        f"{_DOING}.queue:kill",
        (Option("-f --force", "At once."), _TASKS),
    ),
)
