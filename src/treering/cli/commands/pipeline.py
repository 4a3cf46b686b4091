"""`treering pipeline`: stages of dvc.yaml, what they depend on and what comes of them."""

from __future__ import annotations

from treering.cli.dvc.declared.ours import RESOURCE, STAGE_JOBS, TRACK, WITH_JSON
from treering.cli.verb_group import VerbGroup, row

__all__ = ["pipeline"]

pipeline = VerbGroup(
    "pipeline",
    """Run the stages of dvc.yaml, and look at what came of them.

    The same files as DVC's: dvc.yaml, dvc.lock and the cache of runs.
    """,
    {
        "dag": row("dag", WITH_JSON),
        "freeze": row("freeze"),
        "metrics": VerbGroup(
            "metrics", "Show and compare metrics.", {"diff": row("metrics diff"), "show": row("metrics show")}
        ),
        "params": VerbGroup("params", "Compare params.", {"diff": row("params diff")}),
        "plots": VerbGroup(
            "plots",
            "Draw and compare plots.",
            {
                "diff": row("plots diff"),
                "modify": row("plots modify"),
                "show": row("plots show"),
                "templates": row("plots templates", WITH_JSON),
            },
        ),
        "run": row("repro", STAGE_JOBS, RESOURCE, TRACK, WITH_JSON),
        "stage": VerbGroup(
            "stage", "Write and list stages.", {"add": row("stage add"), "list": row("stage list", WITH_JSON)}
        ),
        "status": row("status"),
        "unfreeze": row("unfreeze"),
    },
)
