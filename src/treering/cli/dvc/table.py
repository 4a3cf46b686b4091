"""Which file declares a verb, by its first word; that file alone is loaded when the verb is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType

from treering.cli.dvc.verb import Group, Verb

__all__ = ["ALIASES", "FIRST_WORDS", "GROUPS", "all_verbs", "find_verb", "verbs_of"]

_FILES: Mapping[str, tuple[str, ...]] = {
    "comparing": ("metrics", "params", "plots"),
    "experiments": ("experiments", "queue"),
    "pipelines": ("dag", "freeze", "repro", "stage", "status", "unfreeze"),
    "project": ("completion", "config", "daemon", "destroy", "git-hook", "init", "install", "root", "version"),
    "remotes": ("cache", "remote"),
    "sources": (
        *("artifacts", "dataset", "du", "get", "get-url", "import", "import-db", "import-url", "list", "list-url"),
        *("test-db", "update"),
    ),
    "studio": ("studio",),
    "tracking": ("add", "check-ignore", "checkout", "commit", "data", "diff", "move", "remove", "unprotect"),
    "transfer": ("fetch", "gc", "pull", "push"),
}
FIRST_WORDS: Mapping[str, str] = MappingProxyType({word: file for file, words in _FILES.items() for word in words})
"""First word to the file that declares its verbs."""

GROUPS: Mapping[str, Group] = MappingProxyType(
    {
        group.name: group
        for group in (
            Group("artifacts", "Files and folders that a dvc.yaml gives a name to."),
            Group("cache", "The cache."),
            Group("daemon", "Nothing: Treering leaves no process behind.", hidden=True),
            Group("data", "What is tracked."),
            Group("dataset", "Named datasets of dvc.yaml.", ("ds",), hidden=True),
            Group("experiments", "Run, find and compare experiments.", ("exp",)),
            Group("git-hook", "What Git runs.", hidden=True),
            Group("metrics", "Show and compare metrics."),
            Group("params", "Compare params."),
            Group("plots", "Draw and compare plots."),
            Group("queue", "Experiments that wait for their run."),
            Group("remote", "Where data is sent to."),
            Group("stage", "Stages of pipelines."),
            Group("studio", "DVC Studio."),
        )
    }
)

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        **{alias: group.name for group in GROUPS.values() for alias in group.aliases},
        "doctor": "version",
        "ls": "list",
        "ls-url": "list-url",
        "mv": "move",
        "rm": "remove",
    }
)
"""Other names of first words; those of verbs stand here too, so that no file has to be loaded to find theirs."""


def verbs_of(first: str) -> list[Verb]:
    """The verbs that begin with a word, which is no alias."""
    module = import_module(f"treering.cli.dvc.declared.{FIRST_WORDS[first]}")
    return [verb for verb in module.VERBS if verb.name.partition(" ")[0] == first]


def find_verb(first: str, second: str = "") -> Verb | None:
    """The verb of one word, or of a group's second word; either may be an alias."""
    first = ALIASES.get(first, first)
    if first not in FIRST_WORDS:
        return None
    for verb in verbs_of(first):
        _, _, rest = verb.name.partition(" ")
        if second == rest or (rest and second in verb.aliases):
            return verb
    return None


def all_verbs() -> Iterator[Verb]:
    """Every verb there is, by name; a verb that is not bound to the rooms below yet has no row."""
    for first in sorted(FIRST_WORDS):
        yield from sorted(verbs_of(first), key=lambda verb: verb.name)
