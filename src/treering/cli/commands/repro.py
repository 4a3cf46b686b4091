"""`treering repro` is `treering pipeline run`."""

from __future__ import annotations

from treering.cli.dvc.declared.ours import RESOURCE, STAGE_JOBS, TRACK, WITH_JSON
from treering.cli.verb_group import command_of, row

__all__ = ["repro"]

repro = command_of("repro", row("repro", STAGE_JOBS, RESOURCE, TRACK, WITH_JSON))
