"""Comments on pull requests of GitHub and GitHub Enterprise."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treering.ci.forges.base import Posted, Review
from treering.ci.forges.rest import Rest, api_of, token_of
from treering.core.errors import InvalidInput, PermissionDenied

__all__ = ["GitHub", "open_github"]

_LONGEST = 65_536
_NEEDS = "the permission 'pull-requests: write'"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


class GitHub:
    """One pull request; its comments are those of an issue of that number."""

    def __init__(self, rest: Rest, repository: str, number: int) -> None:
        self._rest = rest
        self._repository = repository
        self._number = number

    @property
    def longest(self) -> int:
        """See Forge."""
        return _LONGEST

    def upsert(self, marker: str, body: str) -> Posted:
        """See Forge."""
        comments = f"/repos/{self._repository}/issues/{self._number}/comments"
        for one in self._rest.pages(comments):
            # At the beginning: who quotes the comment has a '>' before it.
            if str(one.get("body") or "").startswith(marker) and self._is_ours(one):
                path = f"/repos/{self._repository}/issues/comments/{one['id']}"
                return Posted(str(self._rest.call("PATCH", path, {"body": body}).get("html_url", "")), new=False)
        return Posted(str(self._rest.call("POST", comments, {"body": body}).get("html_url", "")), new=True)

    def _is_ours(self, comment: Mapping[str, Any]) -> bool:
        """Whoever wrote a comment can change it, and what a report says there, too."""
        author = comment.get("user") or {}
        try:
            return bool(author.get("login") == self._rest.call("GET", "/user")["login"])
        except PermissionDenied:
            # The token of a job stands for an app, which may not ask who it is.
            return bool(author.get("type") == "Bot")


def open_github(environ: Mapping[str, str], review: Review) -> GitHub:
    """The pull request of a job of GitHub Actions, or the one that is named. See OpenForge."""
    repository = review.repository or environ.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(repository):
        msg = f"{repository!r} is no repository of GitHub. Name it with --repository owner/name."
        raise InvalidInput(msg)
    token = token_of(environ, ("GITHUB_TOKEN", "GH_TOKEN", "REPO_TOKEN"), _NEEDS)
    headers = {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}
    rest = Rest(api_of(environ, "GITHUB_API_URL"), headers, _NEEDS, environ)
    number = review.number or _number(environ) or _number_of_commit(environ, rest, repository)
    if not number:
        msg = "This job belongs to no pull request. Name one with --number, or run it on pull_request."
        raise InvalidInput(msg)
    return GitHub(rest, repository, number)


def _number(environ: Mapping[str, str]) -> int:
    """Of the request that the job runs for; 0 where the job does not say."""
    found = re.fullmatch(r"refs/pull/(\d+)/\w+", environ.get("GITHUB_REF", ""))
    if found:
        return int(found[1])
    try:
        event = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_bytes())
        return int((event.get("pull_request") or event.get("issue") or {}).get("number") or 0)
    except (OSError, ValueError, AttributeError):
        return 0


def _number_of_commit(environ: Mapping[str, str], rest: Rest, repository: str) -> int:
    """Of the open request that a pushed commit belongs to."""
    sha = environ.get("GITHUB_SHA", "")
    if not re.fullmatch(r"[0-9a-f]{7,64}", sha):
        return 0
    found = rest.call("GET", f"/repos/{repository}/commits/{sha}/pulls")
    return next((int(one["number"]) for one in found if one.get("state") == "open"), 0)
