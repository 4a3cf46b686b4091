"""`treering exp`: experiments in Git's references, as DVC keeps them."""

from __future__ import annotations

from treering.cli.dvc.declared.ours import TRACK_EXPERIMENT, TRACK_EXPERIMENTS, TREES, WITH_JSON
from treering.cli.verb_group import VerbGroup, row

__all__ = ["exp"]

exp = VerbGroup(
    "exp",
    """Run pipelines with other params, and keep what comes of them.

    Experiments are commits that no branch shows: DVC sees them, too.
    """,
    {
        "apply": row("experiments apply"),
        "branch": row("experiments branch"),
        "clean": row("experiments clean"),
        "diff": row("experiments diff"),
        "list": row("experiments list", WITH_JSON),
        "pull": row("experiments pull"),
        "push": row("experiments push"),
        "queue": VerbGroup(
            "queue",
            "Experiments that wait for their run.",
            {
                "kill": row("queue kill"),
                "logs": row("queue logs"),
                "remove": row("queue remove"),
                "start": row("queue start"),
                "status": row("queue status", WITH_JSON),
                "stop": row("queue stop"),
            },
        ),
        "remove": row("experiments remove"),
        "rename": row("experiments rename"),
        "run": row("experiments run", TRACK_EXPERIMENT, TREES),
        "save": row("experiments save"),
        "show": row("experiments show"),
        "track": row(TRACK_EXPERIMENTS),
    },
)
