"""What a repository is called, where it stands, and where its objects are sent to."""

from __future__ import annotations

from treering.core.errors import TreeringError
from treering.entities.repository import RepositoryInfo, RepositoryRemote
from treering.pipelines.view.harmless import harmless_address, harmless_text
from treering.versioning.repository import Repository

__all__ = ["repository_info"]


def repository_info(repo: Repository) -> RepositoryInfo:
    """What a page shows at its head; what cannot be read is told as the reason."""
    name = repo.root.name
    revision = branch = reason = ""
    changed = False
    remotes: list[RepositoryRemote] = []
    try:
        default = repo.config.default_remote
        remotes = [
            RepositoryRemote(one, harmless_address(str(options.get("url", ""))), one == default)
            for one, options in repo.config.remotes.items()
        ]
        git = repo.git
        if git is None:
            reason = "The repository is not under Git, so that there are no versions to look back to."
        else:
            branch = git.branch()
            revision = git.head() if git.has_commits else ""
            changed = git.dirty()
    except (TreeringError, OSError) as error:
        reason = harmless_text(str(error), str(repo.root))
    return RepositoryInfo(
        found=True,
        name=name,
        path_hint=name,
        revision=revision,
        branch=branch,
        changed=changed,
        remotes=remotes,
        reason=reason,
    )
