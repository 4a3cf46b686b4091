"""Notes on merge requests of GitLab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from treering.ci.forges.base import Posted, Review
from treering.ci.forges.rest import Rest, api_of, token_of
from treering.core.errors import InvalidInput

__all__ = ["GitLab", "open_gitlab"]

_LONGEST = 1_000_000
_NEEDS = (
    "the scope 'api' in a project access token of a reporter or more (a job's own CI_JOB_TOKEN may not write notes)"
)


class GitLab:
    """One merge request."""

    def __init__(self, rest: Rest, project: str, number: int, page: str) -> None:
        self._rest = rest
        self._notes = f"/projects/{quote(project, safe='')}/merge_requests/{number}/notes"
        self._page = page

    @property
    def longest(self) -> int:
        """See Forge."""
        return _LONGEST

    def upsert(self, marker: str, body: str) -> Posted:
        """See Forge."""
        for one in self._rest.pages(self._notes, {"sort": "asc", "order_by": "created_at"}):
            # Whoever wrote a note can change it, and what a report says there, too.
            if str(one.get("body") or "").startswith(marker) and self._is_ours(one):
                self._rest.call("PUT", f"{self._notes}/{one['id']}", {"body": body})
                return Posted(self._link(one["id"]), new=False)
        return Posted(self._link(self._rest.call("POST", self._notes, {"body": body})["id"]), new=True)

    def _is_ours(self, note: Mapping[str, Any]) -> bool:
        return bool((note.get("author") or {}).get("id") == self._rest.call("GET", "/user")["id"])

    def _link(self, note: object) -> str:
        return f"{self._page}#note_{note}" if self._page else ""


def open_gitlab(environ: Mapping[str, str], review: Review) -> GitLab:
    """The merge request of a job of GitLab CI, or the one that is named. See OpenForge."""
    project = review.repository or environ.get("CI_PROJECT_ID", "")
    if not project:
        msg = "This job says no project. Name it with --repository group/name."
        raise InvalidInput(msg)
    token = token_of(environ, ("GITLAB_TOKEN", "REPO_TOKEN"), _NEEDS)
    url = api_of(environ, "CI_API_V4_URL")
    rest = Rest(url, {"PRIVATE-TOKEN": token}, _NEEDS, environ)
    number = review.number or _number(environ.get("CI_MERGE_REQUEST_IID", ""))
    if not number:
        number = _number_of_branch(environ.get("CI_COMMIT_REF_NAME", ""), rest, project)
    if not number:
        msg = "This job belongs to no merge request. Name one with --number, or run it in merge request pipelines."
        raise InvalidInput(msg)
    base = environ.get("CI_PROJECT_URL", "") if not review.repository else ""
    return GitLab(rest, project, number, f"{base}/-/merge_requests/{number}" if base else "")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _number_of_branch(branch: str, rest: Rest, project: str) -> int:
    """Of the open request that a pushed branch belongs to."""
    if not branch:
        return 0
    query = {"source_branch": branch, "state": "opened"}
    found = rest.call("GET", f"/projects/{quote(project, safe='')}/merge_requests", query=query)
    return next((int(one["iid"]) for one in found), 0)
