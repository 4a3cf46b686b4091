"""What a remote has, for `status --cloud` and `data status --not-in-remote`."""

from __future__ import annotations

from treering.cli.dvc.call import Call
from treering.cli.dvc.doing.transfer import transfer_options
from treering.cli.dvc.sources import all_sources
from treering.versioning.data_status import RemoteCheck
from treering.versioning.remotes import open_remote
from treering.versioning.transfer import cloud_status, missing_in

__all__ = ["compare", "missing"]


def compare(call: Call) -> tuple[dict[str, str], str]:
    """What differs between cache and remote, and what to say where nothing does."""
    found = cloud_status(call.repo, transfer_options(call), sources=all_sources(call.repo))
    name = call.options.remote or call.repo.config.default_remote
    return found, f"Cache and remote '{name}' are in sync."


def missing(call: Call) -> RemoteCheck:
    """Asks the remote what it does not have."""
    return missing_in(open_remote(call.repo, call.options.remote or ""))
