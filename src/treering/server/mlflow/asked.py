"""Reading what several requests of MLflow's API ask for in the same way."""

from __future__ import annotations

from treering.core.errors import InvalidInput

__all__ = ["at_most", "experiment_asked", "run_asked", "version_asked"]


def run_asked(run_id: str, run_uuid: str) -> str:
    """The run that a request names in either way; `run_id` wins.

    Raises:
        InvalidInput: If it names none.
    """
    if found := run_id or run_uuid:
        return found
    msg = (
        "Missing value for required parameter 'run_id'. See the API docs for more information about request parameters."
    )
    raise InvalidInput(msg)


def experiment_asked(experiment_id: str) -> str:
    """The id of an experiment. Raises InvalidInput if it cannot be one."""
    if experiment_id.isascii() and experiment_id.isdigit():
        return experiment_id
    msg = f"Invalid experiment ID {experiment_id[:100]!r}. Experiment ID must be a valid integer."
    raise InvalidInput(msg)


def version_asked(version: str) -> int:
    """The number of a version. Raises InvalidInput if it is none."""
    if version.isascii() and version.isdigit() and len(version) < len(str(2**63)):
        return int(version)
    msg = f"Invalid value {version!r} for parameter 'version' supplied: Model version must be an integer, such as 1."
    raise InvalidInput(msg)


def at_most(value: int, most: int, name: str = "max_results") -> int:
    """`value`. Raises InvalidInput if it is not between 1 and `most`."""
    if 1 <= value <= most:
        return value
    reason = f"It must be at most {most}" if value > most else "It must be at least 1"
    msg = f"Invalid value {value} for parameter '{name}' supplied: {reason}, but got value {value}."
    raise InvalidInput(msg)
