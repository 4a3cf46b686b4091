"""Verbs of the repository itself: its beginning, its config, and what is asked of the installation."""

from __future__ import annotations

from treering.cli.dvc.declared.options import FORCE, LEVELS
from treering.cli.dvc.verb import Argument, Option, Verb

__all__ = ["VERBS"]

_DOING = "treering.cli.dvc.doing"
_HOOK = (Argument("args", "What Git gives.", "*"),)

VERBS = (
    Verb(
        "init",
        "Make a DVC repository.",
        f"{_DOING}.beginning:init",
        (
            Argument("directory", "Where.", "?", default="."),
            Option("--no-scm", "Without Git."),
            FORCE._replace(help="Begin anew over a repository that is there; its cache is kept."),
            Option("--subdir", "In a folder below the root of the Git repository."),
        ),
        failed=1,
    ),
    Verb("root", "Print the way to the root of the repository.", f"{_DOING}.project:root"),
    Verb(
        "destroy",
        "Remove .dvc files, the config and the cache; the tracked files stay.",
        f"{_DOING}.destroy:destroy",
        (FORCE._replace(help="Do not ask."),),
        failed=1,
    ),
    Verb(
        "version",
        "Show versions, the kinds of links that work here, remotes and file systems.",
        f"{_DOING}.beginning:version",
        aliases=("doctor",),
    ),
    Verb(
        "completion",
        "Print a script that completes commands in a shell.",
        f"{_DOING}.completion:completion",
        (Option("-s --shell", "Which shell.", takes="<shell>", default="bash", choices=("bash", "zsh")),),
    ),
    Verb(
        "config",
        "Show, set or remove an option of the config.",
        f"{_DOING}.config:config",
        (
            *LEVELS,
            Option("-u --unset", "Remove the option."),
            Argument("name", "The option: section.option or remote.name.option.", "?"),
            Argument("value", "What it is set to.", "?"),
            Option("-l --list", "Show all."),
            Option("--show-origin", "With the file that each comes from."),
        ),
    ),
    Verb(
        "install",
        "Put hooks into Git that run checkout, status and push, and the driver that merges .dvc files.",
        f"{_DOING}.hooks:install",
        (Option("--use-pre-commit-tool", "Add them to the config of the tool pre-commit."),),
        failed=1,
    ),
    Verb("git-hook pre-commit", "Run before a commit.", f"{_DOING}.hooks:pre_commit", _HOOK, hidden=True),
    Verb("git-hook post-checkout", "Run after a checkout.", f"{_DOING}.hooks:post_checkout", _HOOK, hidden=True),
    Verb("git-hook pre-push", "Run before a push.", f"{_DOING}.hooks:pre_push", _HOOK, hidden=True),
    Verb(
        "git-hook merge-driver",
        "Merge two versions of a .dvc file or of dvc.lock.",
        f"{_DOING}.hooks:merge_driver",
        (
            Option("--ancestor", "The version that both come from.", takes="<file>", required=True),
            Option("--our", "Ours, which is replaced by the result.", takes="<file>", required=True),
            Option("--their", "Theirs.", takes="<file>", required=True),
        ),
        hidden=True,
    ),
    Verb("daemon updater", "Nothing: Treering asks nobody for news.", f"{_DOING}.project:nothing", hidden=True),
    Verb(
        "daemon analytics",
        "Nothing: Treering tells nobody.",
        f"{_DOING}.project:nothing",
        (Argument("target", "A report that is not sent."),),
        hidden=True,
    ),
)
