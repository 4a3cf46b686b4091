"""The comment under which a report stands: one for each report, changed by every later job."""

from __future__ import annotations

import re
from collections.abc import Mapping

from treering.ci.forges import FORGES
from treering.ci.forges.base import Posted, Review
from treering.core.errors import InvalidInput

__all__ = ["fitted", "forge_of_job", "marker_of", "post"]

_CUT = "\n\n*The rest is left out: the report is longer than a comment may be.*\n"
_ID = re.compile(r"[\w.-]{1,100}")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def post(text: str, name: str, environ: Mapping[str, str], forge: str = "", review: Review | None = None) -> Posted:
    """Put a report under the job's pull request, in place of the one of that name that stands there.

    Args:
        name: Of the report: of those with different names, each has its own comment.
        environ: The job's variables.
        forge: A row of `FORGES`; found out unless given.

    Raises:
        InvalidInput: If it cannot be found out where to, there is no token, or the text is empty.
        PermissionDenied: If the token may not.
        NotFound: If there is no such request.
        Unavailable: If the forge does not answer.
    """
    if not text.strip():
        msg = "The report is empty, and would wipe out the comment. Write one with `treering ci report`."
        raise InvalidInput(msg)
    marker = marker_of(name)
    opened = FORGES.load(forge or forge_of_job(environ))(environ, review or Review())
    return opened.upsert(marker, fitted(f"{marker}\n{text}", opened.longest))


def marker_of(name: str) -> str:
    """What a comment begins with, unseen by people. Raises InvalidInput for a name that could end the mark."""
    if not _ID.fullmatch(name) or "--" in name:
        msg = f"{name!r} cannot name a comment. Use letters, digits, dots and single dashes."
        raise InvalidInput(msg)
    return f"<!-- treering:{name} -->"


def forge_of_job(environ: Mapping[str, str]) -> str:
    """The forge whose job this is. Raises InvalidInput where it is nobody's."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return "github"
    if environ.get("GITLAB_CI") == "true":
        return "gitlab"
    msg = f"This is a job of neither GitHub nor GitLab. Say where to comment with --forge: {', '.join(FORGES.names())}."
    raise InvalidInput(msg)


def fitted(text: str, longest: int) -> str:
    """The text, cut at the end of a line where it is too long; an open block of code is closed."""
    if len(text) <= longest:
        return text
    # A fence and the closing of what is folded may come after the cut.
    room = longest - len(_CUT) - 64
    kept = text[:room].rpartition("\n")[0] or text[:room]
    fences = _FENCE.findall(kept)
    if len(fences) % 2:
        kept += f"\n{fences[-1]}"
    open_folds = kept.count("<details") - kept.count("</details>")
    return kept + "\n\n</details>" * min(max(open_folds, 0), 3) + _CUT
